"""Write JSON lines, as dump_events.py makes them, with Python's writer."""

import datetime
import json
import sys

from subunit import StreamResultToBytes

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

output = StreamResultToBytes(sys.stdout)
for line in sys.stdin:
    event = json.loads(line)
    if event.get("test_tags") is not None:
        event["test_tags"] = set(event["test_tags"])
    if event.get("file_bytes") is not None:
        event["file_bytes"] = bytes.fromhex(event["file_bytes"])
    if event.get("timestamp") is not None:
        event["timestamp"] = EPOCH + datetime.timedelta(
            microseconds=event["timestamp"])
    output.status(**event)
