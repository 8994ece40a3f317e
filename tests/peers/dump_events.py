"""Write the events that Python's reader finds in a file as JSON lines.

The keys are those of StreamResult.status(); bytes are hex, the timestamp is
whole microseconds since 1970, tags are in no order.
"""

import datetime
import json
import sys

from subunit import ByteStreamToStreamResult
from testtools import StreamResult

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MICROSECOND = datetime.timedelta(microseconds=1)


class Dump(StreamResult):
    def status(self, **event):
        if event.get("test_tags") is not None:
            event["test_tags"] = list(event["test_tags"])
        if event.get("file_bytes") is not None:
            event["file_bytes"] = event["file_bytes"].hex()
        if event.get("timestamp") is not None:
            event["timestamp"] = (event["timestamp"] - EPOCH) // MICROSECOND
        print(json.dumps(event))


with open(sys.argv[1], "rb") as source:
    ByteStreamToStreamResult(source, non_subunit_name="stdout").run(Dump())
