"""A small worker for subunit-run, made with Python's library.

    python3 worker.py [NAME=BEHAVIOUR...]

Its tests are the ids NAME, each with a behaviour: pass, fail, die, die-quietly,
exit, twice, other (a result for another id), silent (no result), print, ask.
"""

import json
import os
import signal
import sys
import threading

from subunit.v2 import ByteStreamToStreamResult, StreamResultToBytes
from testtools import StreamResult

CONTROL = "application/x-subunit-control"
out = StreamResultToBytes(sys.stdout.buffer)
tests = dict(one.split("=") for one in sys.argv[1:])


def say(word, **body):
    out.status(
        file_name=word, file_bytes=json.dumps(body).encode(), eof=True,
        mime_type=CONTROL, runnable=False,
    )
    sys.stdout.buffer.flush()


def run(name):
    behaviour = tests.get(name)
    if behaviour is None:
        out.status(test_id=name, test_status="fail", test_tags={"unknown"})
        return
    if behaviour == "die-quietly":
        os.kill(os.getpid(), signal.SIGKILL)
    out.status(test_id=name, test_status="inprogress")
    sys.stdout.buffer.flush()
    if behaviour == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "exit":
        os._exit(0)
    if behaviour == "print":
        sys.stdout.buffer.write("text \xb3 and more\n".encode("latin-1"))
        sys.stdout.buffer.flush()
        print("words", file=sys.stderr, flush=True)
    if behaviour == "hang":
        signal.pause()
    if behaviour == "ask":
        say("ask", test=name, prompt="(Pdb) ")
        return "ask"
    if behaviour == "silent":
        return
    if behaviour == "other":
        name = "a"
    status = "fail" if behaviour == "fail" else "success"
    for _ in range(2 if behaviour == "twice" else 1):
        out.status(test_id=name, test_status=status)
    return


class Commands(StreamResult):
    """Obeys; what comes while a test asks is its input."""

    def status(
        self, test_id=None, test_status=None, test_tags=None, runnable=True,
        file_name=None, file_bytes=None, eof=False, mime_type=None,
        route_code=None, timestamp=None,
    ):
        body = bytes(file_bytes or b"").decode()
        if mime_type is None and file_name == "stdin" and self.asking:
            req, name, rest = self.asking
            self.asking = None
            status = "success" if body == "c\n" else "fail"
            out.status(test_id=name, test_status=status)
            self.go_on(req, rest)
            return
        if mime_type != CONTROL:
            return
        if file_name == "list":
            for name in tests:
                if not body or any(name.startswith(one) for one in body.split()):
                    out.status(test_id=name, test_status="exists")
            say("done", req=test_id, ran=0, unrun=[])
        elif file_name == "run":
            self.go_on(test_id, body.split("\n")[:-1])
        elif file_name == "stop" or file_name == "quit":
            pass

    asking = None

    def go_on(self, req, names):
        for index, name in enumerate(names):
            if run(name) == "ask":
                self.asking = (req, name, names[index + 1:])
                return
            sys.stdout.buffer.flush()
        say("done", req=req, ran=len(names), unrun=[])


if tests.pop("start", None) == "never":
    sys.exit(3)
say("ready", protocol=1, engine="peer", can=["list", "run"], pid=os.getpid())
ByteStreamToStreamResult(sys.stdin.buffer).run(Commands())
