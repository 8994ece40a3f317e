"""A test of every kind."""

import os
import sys
import unittest


def setUpModule():
    print("module")


class Kinds(unittest.TestCase):
    def test_success(self):
        print("out")
        os.system("echo shell; printf '\\263)\\001'")
        print("err", file=sys.stderr)
        sys.stdout.buffer.write(b"\xb3raw\n")

    def test_fail(self):
        self.fail("no")

    def test_twice(self):
        self.addCleanup(lambda: 1 / 0)
        self.fail("first")

    @unittest.skip("later")
    def test_skip(self):
        pass

    @unittest.expectedFailure
    def test_xfail(self):
        self.fail("known")

    @unittest.expectedFailure
    def test_uxsuccess(self):
        pass

    def test_children(self):
        for i in range(3):
            with self.subTest(i=i):
                if i == 2:
                    self.skipTest("two")
                self.assertEqual(i, 0)
        with self.subTest(i=0):
            pass


class Broken(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise RuntimeError("no class")

    def test_a(self):
        pass

    def test_b(self):
        pass


class Skipped(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise unittest.SkipTest("no class")

    def test_a(self):
        pass


class Torn(unittest.TestCase):
    def test_a(self):
        pass

    @classmethod
    def tearDownClass(cls):
        raise RuntimeError("no end")
