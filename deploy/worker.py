#!/usr/bin/env python3
"""A worker in Python: claims jobs over HTTP, renews while they run, says what they used.

    ZTM_URL=http://127.0.0.1:8080 ZTM_TOKEN_FILE=~/.local/state/ztm/service-token python3 worker.py
"""
import json, os, threading, time, urllib.error, urllib.request, uuid

URL = os.environ["ZTM_URL"].rstrip("/")
TOKEN = open(os.path.expanduser(os.environ["ZTM_TOKEN_FILE"])).read().strip()
WORKER = f"python-{uuid.uuid4().hex}"  # a name of its own for every process


def post(path, body, timeout=60):
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return json.load(answer)


def work(job):
    """What the job is: put your model here. Raises if it fails; another attempt follows."""
    return job["prompt"].upper()


def renew(job, over):
    """Every 10 s until the job is over; a lease that is lost, or to be cancelled, ends it."""
    while not over.wait(10):
        lease = {"job_id": job["job_id"], "epoch": job["epoch"], "lease_s": 30}
        if post("/leases/renew", {"leases": [lease]})["leases"][0]["answer"] != "continue":
            over.set()


def run(job):
    over, started = threading.Event(), time.monotonic()
    threading.Thread(target=renew, args=(job, over), daemon=True).start()
    end = {"job_id": job["job_id"], "epoch": job["epoch"]}
    try:
        end |= {"outcome": "succeeded", "result": work(job)}
    except Exception as error:
        end |= {"outcome": "failed", "error": str(error), "retry": True}
    end["used_gpu_seconds"] = round(time.monotonic() - started, 6)
    over.set()
    answer = post("/leases/finalize", {"leases": [end]})["leases"][0]
    print(job["job_id"], answer.get("status") or answer["error"]["code"], flush=True)


while True:
    try:
        for job in post("/leases/claim", {"worker": WORKER, "max": 1, "lease_s": 30, "wait_s": 20})["jobs"]:
            run(job)
    except (urllib.error.URLError, OSError) as error:
        print("the queue does not answer:", error, flush=True)
        time.sleep(1)
