#!/usr/bin/env python3
"""Runs jobs of a ztm control plane; whatever dies here is claimed again by another. Put your own work into `work`.
ORCHESTRATOR_ADDR is its URL, ZTM_TOKEN_FILE holds a token that may lease (the service's, or an admin's)."""
import json, os, secrets, threading, time, urllib.request

URL = os.environ["ORCHESTRATOR_ADDR"].rstrip("/")
TOKEN = open(os.environ["ZTM_TOKEN_FILE"]).read().strip()
NAME = "python-" + secrets.token_hex(8)  # a name of its own for every process
LEASE, RENEW = 30, 10
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

def call(path, body, timeout=5):
    headers = {"Authorization": "Bearer " + TOKEN, "Content-Type": "application/json"}
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), headers)
    with OPENER.open(request, timeout=timeout) as answer:
        return json.load(answer)

def work(job):
    """Your model goes here: returns the result, raises if it fails. `return call("/turns", {"job_id": job["job_id"],
    "epoch": job["epoch"], "prompt": job["prompt"]}, timeout=3600)["response"]` has the tenant's own agent do it."""
    return job["prompt"].upper()

def attempt(job, outcome):
    try:
        outcome.update(outcome="succeeded", result=work(job))
    except Exception as error:
        print(job["job_id"], repr(error), flush=True)  # what is kept is for the tenant, and no inner error
        outcome.update(outcome="failed", error="the work failed")

def run(job):
    began, outcome, lease = time.monotonic(), {}, {"job_id": job["job_id"], "epoch": job["epoch"]}
    thread = threading.Thread(target=attempt, args=(job, outcome), daemon=True)
    thread.start()
    while thread.join(RENEW) or thread.is_alive():
        need = time.monotonic() - began + 2 * RENEW  # a second is a credit
        more = {"need_gpu_seconds": round(need, 3)} if need > job["cost_gpu_seconds"] else {}
        try:
            answer = call("/leases/renew", {"leases": [{**lease, **more, "lease_s": LEASE}]})["leases"][0]["answer"]
        except OSError:
            continue  # the lease holds for a while yet
        if answer == "lost":
            return
        if answer == "cancel":
            outcome = {"outcome": "failed", "error": "it was called off", "retry": False}
            break
    lease.update(outcome, used_gpu_seconds=round(time.monotonic() - began, 6))
    for _ in range(LEASE):  # under one epoch a repeat changes nothing
        try:
            return call("/leases/finalize", {"leases": [lease]})
        except OSError:
            time.sleep(1)

while True:
    try:
        for job in call("/leases/claim", {"worker": NAME, "max": 1, "lease_s": LEASE, "wait_s": 20}, timeout=30)["jobs"]:
            run(job)
    except OSError as error:
        print("the queue does not answer:", error, flush=True)
        time.sleep(1)
