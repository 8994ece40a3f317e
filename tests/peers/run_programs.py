"""Run Python programs one after another, each in a fork of this process.

Each line of standard input is a call as JSON: "args" with the program's path
first, the "env" to add, the directory "cwd", and "dir", whose file "stdin" is
standard input, and which gets "stdout" and "stderr". The line that answers it
is the exit status. What most programs import is imported once.
"""

import atexit
import json
import os
import runpy
import sys
import traceback

import subunit
import subunit.filters
import subunit.test_results
import subunit.v2
import testtools

requests = os.fdopen(os.dup(0))
replies = os.fdopen(os.dup(1), "w")


def run(args, env, cwd, dir):
    for number, (name, flags) in enumerate([
        ("stdin", os.O_RDONLY),
        ("stdout", os.O_WRONLY | os.O_CREAT),
        ("stderr", os.O_WRONLY | os.O_CREAT),
    ]):
        file = os.open(f"{dir}/{name}", flags)
        os.dup2(file, number)
        os.close(file)
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = args
    sys.path[0] = os.path.dirname(args[0])
    runpy.run_path(args[0], run_name="__main__")


def status_of(call):
    """What the interpreter does at the end of a program."""
    status = 0
    try:
        run(**call)
    except SystemExit as error:
        status = error.code
        if status is None:
            status = 0
        elif not isinstance(status, int):
            print(status, file=sys.stderr)
            status = 1
    except BaseException:
        traceback.print_exc()
        status = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return int(status)


for line in iter(requests.readline, ""):
    child = os.fork()
    if child == 0:
        os._exit(status_of(json.loads(line)) & 0xFF)
    _, code = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(code), file=replies, flush=True)
