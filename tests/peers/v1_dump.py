"""Write the tests that Python's v1 reader finds in a file as JSON lines.

Each is id, outcome, tags, times in whole microseconds since 1970, details as
hex by name. Other text goes to standard error, unchanged.
"""

import datetime
import json
import sys

from subunit import TestProtocolServer
from testtools import TestResult

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class Dump(TestResult):
    clock = None

    def time(self, time):
        self.clock = (time - EPOCH) // datetime.timedelta(microseconds=1)

    def progress(self, offset, whence):
        pass

    def startTest(self, test):
        super().startTest(test)
        self.started = self.clock

    def dump(self, test, outcome, details):
        print(json.dumps({
            "id": test.id(),
            "outcome": outcome,
            "tags": sorted(self.current_tags),
            "times": [self.started, self.clock],
            "details": {
                name: b"".join(content.iter_bytes()).hex()
                for name, content in (details or {}).items()
            },
        }))

    def addSuccess(self, test, details=None):
        self.dump(test, "success", details)

    def addFailure(self, test, err=None, details=None):
        self.dump(test, "fail", details)

    def addError(self, test, err=None, details=None):
        # The reader's own word for a test whose end is missing.
        self.dump(test, "error" if err is None else "lost", details)

    def addSkip(self, test, reason=None, details=None):
        self.dump(test, "skip", details)

    def addExpectedFailure(self, test, err=None, details=None):
        self.dump(test, "xfail", details)

    def addUnexpectedSuccess(self, test, details=None):
        self.dump(test, "uxsuccess", details)


with open(sys.argv[1], "rb") as source:
    TestProtocolServer(Dump(), sys.stderr.buffer).readFrom(source)
