"""Write the tests that Python's reader finds in a file as JSON lines.

Each is testtools' dictionary of a test: id, status, tags, times in whole
microseconds since 1970, attachments as hex by name. The id has the route code
before it, if there is one, and a space.
"""

import datetime
import json
import sys

from subunit import ByteStreamToStreamResult
from testtools import StreamToDict

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MICROSECOND = datetime.timedelta(microseconds=1)


class RoutedToDict(StreamToDict):
    def status(self, test_id=None, route_code=None, **event):
        if test_id is not None and route_code is not None:
            test_id = "%s %s" % (route_code, test_id)
        super().status(test_id=test_id, route_code=route_code, **event)


def dump(test):
    details = {
        name: b"".join(content.iter_bytes()).hex()
        for name, content in test["details"].items()
    }
    times = [
        time and (time - EPOCH) // MICROSECOND for time in test["timestamps"]
    ]
    print(json.dumps({
        "id": test["id"],
        "status": test["status"],
        "tags": sorted(test["tags"]),
        "times": times,
        "details": details,
    }, sort_keys=True))


result = RoutedToDict(dump)
result.startTestRun()
with open(sys.argv[1], "rb") as source:
    ByteStreamToStreamResult(source, non_subunit_name="stdout").run(result)
result.stopTestRun()
