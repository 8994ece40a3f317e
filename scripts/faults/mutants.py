"""Injects faults into a Python package and records how its tests fail.

    mutants.py PACKAGE raise|value COUNT [PATTERN] > failures.jsonl

A fault of kind "raise" is an exception at the beginning of a function; one of
kind "value" is a function that returns None. Each is injected alone into a copy
of the package, and its own tests run, those in files of PATTERN. A line has the number of the
fault, the test and its traceback, up to ten for a fault; tests that fail anyway
are left out.
"""
import ast
import importlib.util
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

SEED = 18
#: Failures of one fault beyond these say nothing new.
MOST = 10
RAISED = [
    'ValueError("bad value %d" % __import__("random").randint(1, 999999))',
    'RuntimeError("state 0x%x is not ready" % __import__("random").getrandbits(40))',
    'OSError(5, "Input/output error", "/tmp/tmp%d/data" % __import__("os").getpid())',
    'TypeError("expected str, not %r" % type(self if "self" in dir() else 1).__name__)',
    'KeyError(__import__("random").randint(1, 999999))',
]

RUNNER = '''
import json, resource, sys, unittest
# A fault may loop for ever, or take all memory, also when nobody waits any more.
resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
# Tests of python-subunit import it by the name of a backport.
sys.modules["unittest2"] = unittest
result = unittest.TestResult()
suite = unittest.defaultTestLoader.discover(
    sys.argv[1], sys.argv[3], top_level_dir=".")
suite.run(result)
json.dump([[test.id(), text] for test, text in result.failures + result.errors],
          open(sys.argv[2], "w"))
'''


def run(directory, package, pattern):
    """The tests that fail in a copy, with their tracebacks."""
    out = os.path.join(directory, "failed.json")
    try:
        subprocess.run(
            [sys.executable, "-B", "-c", RUNNER, package + "/tests", out, pattern],
            cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=120,
            env={**os.environ, "PYTHONPATH": directory})
        with open(out) as file:
            return json.load(file)
    except (subprocess.TimeoutExpired, OSError, ValueError):
        return []


def functions(root):
    """The places of functions: a file, and the line of the first statement."""
    for folder, folders, names in sorted(os.walk(root)):
        folders[:] = sorted(f for f in folders if f not in ("tests", "__pycache__"))
        for name in sorted(names):
            if not name.endswith(".py"):
                continue
            path = os.path.join(folder, name)
            with open(path) as file:
                tree = ast.parse(file.read())
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef) and len(node.body) > 1:
                    first = node.body[1]
                    yield os.path.relpath(path, root), first.lineno, first.col_offset


def main(package, kind, count, pattern="test*.py"):
    random.seed(SEED)
    source = os.path.dirname(importlib.util.find_spec(package).origin)
    places = list(functions(source))
    random.shuffle(places)
    with tempfile.TemporaryDirectory() as directory:
        shutil.copytree(source, os.path.join(directory, package))
        healthy = {test for test, _ in run(directory, package, pattern)}
    fault = 0
    for path, line, column in places:
        if fault == count:
            break
        with tempfile.TemporaryDirectory() as directory:
            copy = os.path.join(directory, package)
            shutil.copytree(source, copy)
            with open(os.path.join(copy, path)) as file:
                lines = file.read().split("\n")
            statement = ("raise " + RAISED[fault % len(RAISED)]
                         if kind == "raise" else "return None")
            lines.insert(line - 1, " " * column + "if True: " + statement)
            with open(os.path.join(copy, path), "w") as file:
                file.write("\n".join(lines))
            failed = [each for each in run(directory, package, pattern)
                      if each[0] not in healthy]
        # What no test reaches, and what breaks the whole suite, shows nothing.
        if not 2 <= len(failed) <= 400:
            continue
        random.Random(fault).shuffle(failed)
        for test, text in failed[:MOST]:
            text = text.replace(directory, "/home/ann/checkout")
            # Marks below source lines differ between versions of Python.
            text = re.sub(r"(?m)^ +[~^]+\n", "", text)
            print(json.dumps({"fault": fault, "testId": test, "text": text}))
        sys.stdout.flush()
        fault += 1


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
