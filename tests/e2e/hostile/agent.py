"""An agent of bad will: it keeps the agent's contract as far as its mischief lets it.

    agent.py PORT STATE TENANT

Every message is echoed with a count; a message `!NAME ARGUMENT` does mischief first (`mischief_NAME` below). The file
`mischief` in the state directory names one to do at the start (`start_NAME`). Standard library only.
"""

import glob
import json
import os
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, STATE, TENANT = int(sys.argv[1]), sys.argv[2], sys.argv[3]
HOME = os.path.dirname(STATE)
HOMES = os.path.dirname(HOME)
LOCK = threading.Lock()


class Raw(Exception):
    """Bytes to be written to the connection instead of an answer."""


def mischief_log(megabytes):
    """Prints that much, as fast as it goes."""
    line = b"x" * 1023 + b"\n"
    for _ in range(int(megabytes)):
        os.write(1, line * 1024)
    return "printed"


def mischief_logline(megabytes):
    """The same in one line."""
    for _ in range(int(megabytes)):
        os.write(1, b"y" * (1 << 20))
    return "printed"


def mischief_daemon(_):
    """Leaves a process behind that has nothing of its parent: session, group, environment, open files."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 1024)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.chdir("/")
            # By exec, so that /proc shows the new environment.
            os.execve("/bin/sh", ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"], {"PATH": os.environ["PATH"]})
        os._exit(0)
    os.wait()
    return "left"


def mischief_forks(count):
    """Many children that ignore SIGTERM."""
    for _ in range(int(count)):
        if os.fork() == 0:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while True:
                time.sleep(60)
    return "forked"


def mischief_listen(_):
    """Listens on a port of its own choice."""
    other = socket.create_server(("127.0.0.1", 0))
    globals().setdefault("KEPT", []).append(other)
    return f"listening {other.getsockname()[1]}"


def mischief_hang(seconds):
    time.sleep(float(seconds))
    return "slept"


def mischief_huge(megabytes):
    """An answer of that size, well-formed."""
    return "z" * (int(megabytes) << 20)


def mischief_endless(_):
    """An answer that never ends."""
    raise Raw(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n", b"10000\r\n" + b"w" * 65536 + b"\r\n")


def mischief_headers(_):
    """Headers that never end."""
    raise Raw(b"HTTP/1.1 200 OK\r\n", b"x-more: " + b"h" * 1000 + b"\r\n")


def mischief_invalid(_):
    raise Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{broken", None)


def mischief_nothttp(_):
    raise Raw(b"\x00\xff garbage\r\n\r\n", None)


def mischief_status(code):
    raise Raw(f"HTTP/1.1 {code} No\r\ncontent-length: 4\r\n\r\nno!\n".encode(), None)


def mischief_die(_):
    os._exit(3)


def mischief_memory(megabytes):
    """Takes that much memory, and touches it."""
    kept = bytearray(int(megabytes) << 20)
    kept[::4096] = b"m" * len(kept[::4096])
    globals().setdefault("KEPT", []).append(kept)
    return "taken"


def mischief_disk(megabytes):
    """Writes a file of that size into its state."""
    with open(os.path.join(STATE, "big"), "wb") as file:
        for _ in range(int(megabytes)):
            file.write(os.urandom(1 << 20))
    return "written"


def mischief_odd(_):
    """What is hard to archive: links out, a pipe, a socket, a broken database, odd names, deep directories."""
    os.symlink("/etc/passwd", os.path.join(STATE, "passwd"))
    os.symlink("../../..", os.path.join(STATE, "up"))
    os.mkfifo(os.path.join(STATE, "pipe"))
    socket.socket(socket.AF_UNIX).bind(os.path.join(STATE, "s"))
    with open(os.path.join(STATE.encode(), b"\xff\n%2e"), "wb") as file:
        file.write(b"odd")
    deep = STATE
    for _ in range(60):
        deep = os.path.join(deep, "d" * 30)
        os.mkdir(deep)
    return "made"


def mischief_baddb(_):
    with open(os.path.join(STATE, "bad.db"), "wb") as file:
        file.write(b"SQLite format 3\0" + b"\xff" * 8192)
    return "made"


def mischief_spy(_):
    """Everything that other processes show: environments and arguments of all, to a file."""
    seen = bytearray()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for name in ("environ", "cmdline"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    seen += file.read()
            except OSError:
                pass
    with open(os.path.join(STATE, "seen"), "wb") as file:
        file.write(seen)
    # Open files that were inherited.
    inherited = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            inherited.append(fd + "=" + os.readlink(f"/proc/self/fd/{fd}"))
        except OSError:
            pass
    return "seen " + " ".join(inherited)


def http_over(path, text):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(path)
        connection.sendall(text)
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = connection.recv(65536)
            if not part:
                break
            answer += part
        return answer.split(b"\r\n")[0].decode(errors="replace")


def mischief_sockets(_):
    """Asks every agentd, its own too, for a turn and for a stop, with every identity it can think of."""
    answers = set()
    for path in sorted(glob.glob(os.path.join(HOMES, "*", "agentd.sock"))):
        with open(os.path.join(os.path.dirname(path), "agentd.json")) as file:
            record = json.load(file)
        identity = f"x-ztm-tenant: {record['tenant']}\r\nx-ztm-generation: {record['generation']}\r\n"
        for key in ("", "authorization: Bearer \r\n", "authorization: Bearer " + "0" * 64 + "\r\n"):
            for what in ("POST /agentd/stop", "GET /agentd/status", "POST /webhook", "POST /agentd/bind", "GET /health"):
                body = b'{"drain":{"secs":0,"nanos":0}}'
                head = f"{what} HTTP/1.1\r\nhost: agentd\r\n{identity}{key}content-length: {len(body)}\r\n\r\n"
                answers.add(http_over(path, head.encode() + body))
    return " ".join(sorted(answers))


def mischief_flood(count):
    """Opens connections to its own agentd and never says anything."""
    kept = globals().setdefault("KEPT", [])
    opened = 0
    for _ in range(int(count)):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(1)
        try:
            connection.connect(os.path.join(HOME, "agentd.sock"))
        except OSError:
            break
        kept.append(connection)
        opened += 1
    return f"opened {opened}"


def mischief_upsock(count):
    """Pings the control plane's own socket with rubbish, as fast as it goes."""
    path = os.path.join(os.path.dirname(HOMES), "up.sock")
    sent = 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as pinger:
        pinger.connect(path)
        pinger.settimeout(5)
        for number in range(int(count)):
            pinger.send(b"x" * (number % 1000))
            sent += 1
    return f"sent {sent}"


def mischief_killparent(_):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


def mischief_stopparent(_):
    """SIGSTOP: alive, and silent for ever."""
    os.kill(os.getppid(), signal.SIGSTOP)
    time.sleep(600)


def start_exit():
    sys.exit(4)


def start_hang():
    time.sleep(3600)


def start_ignore():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer({"ok": True})

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))["message"]
        with LOCK:
            path = os.path.join(STATE, "count")
            count = int(open(path).read()) + 1 if os.path.exists(path) else 1
            with open(path, "w") as file:
                file.write(str(count))
        said = ""
        if message.startswith("!"):
            name, _, argument = message[1:].partition(" ")
            try:
                said = globals()["mischief_" + name](argument)
            except Raw as raw:
                head, more = raw.args
                self.close_connection = True
                self.wfile.write(head)
                while more:
                    self.wfile.write(more)
                return
            except Exception as error:  # what failed is what the test wants to know
                said = f"failed: {error!r}"
        self.answer({"response": f"[{count}] {message}: {said}"})


def main():
    mischief = os.path.join(STATE, "mischief")
    if os.path.exists(mischief):
        with open(os.path.join(STATE, "starts"), "a") as file:
            file.write("+")
        globals()["start_" + open(mischief).read().strip()]()
    ThreadingHTTPServer.request_queue_size = 64
    ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()


main()
