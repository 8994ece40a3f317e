"""Tests of which one ends the process: DIE is "how where"."""

import os
import signal
import unittest

HOW, WHERE = os.environ.get("DIE", "never nowhere").split()


def point(name):
    if name != WHERE:
        return
    if HOW == "spin":
        while True:
            pass
    if HOW == "exit":
        os._exit(0)
    if HOW == "raise":
        raise RuntimeError("on purpose")
    if HOW in ("SIGKILL", "SIGSEGV", "SIGTERM"):
        os.kill(os.getpid(), getattr(signal, HOW))
        signal.pause()


point("import")


def setUpModule():
    point("setUpModule")


def tearDownModule():
    point("tearDownModule")


class First(unittest.TestCase):
    def test_a(self):
        pass

    def test_b(self):
        pass


class Second(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        point("setUpClass")

    @classmethod
    def tearDownClass(cls):
        point("tearDownClass")

    def setUp(self):
        point("setUp")

    def tearDown(self):
        point("tearDown")

    def test_c(self):
        print("before")
        point("test")
        self.addCleanup(point, "cleanup")

    def test_d(self):
        point("last")


class Third(unittest.TestCase):
    def test_e(self):
        pass
