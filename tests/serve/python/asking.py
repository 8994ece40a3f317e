"""Tests that read standard input."""

import os
import signal
import sys
import unittest


class Asking(unittest.TestCase):
    def test_pdb(self):
        answer = 41
        breakpoint()
        self.assertEqual(answer, 42)

    def test_input(self):
        self.assertEqual(input("Name? "), "Ada")

    def test_lines(self):
        self.assertEqual([sys.stdin.readline() for _ in "ab"], ["a\n", "b\n"])

    def test_read(self):
        self.assertEqual(sys.stdin.read(), "all of it")

    def test_process(self):
        self.assertEqual(os.popen("head -c 3").read(), "abc")

    def test_waits(self):
        print("waiting", flush=True)
        signal.pause()

    def test_ahead(self):
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        print("waiting", flush=True)
        signal.sigwait([signal.SIGINT])
        self.assertEqual(os.read(0, 2), b"a\n")
        self.assertEqual(input("Line? "), "b")
        self.assertEqual(input("Line? "), "abc")

    def test_stops(self):
        breakpoint()
        self.spin = True
        # Not by print: while that runs, Python lets no handler print.
        os.write(1, b"spinning\n")
        while self.spin:
            pass

    def test_plain(self):
        pass
