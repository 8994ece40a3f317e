"""Convert JUnit XML on standard input to subunit v2: two events per test, and a
file for the text of a failure. python-subunit has no such tool; the benchmark
times this one, which uses Python's own parser."""
import datetime
import sys
import xml.etree.ElementTree as ElementTree
from subunit.v2 import StreamResultToBytes

out = StreamResultToBytes(sys.stdout.buffer)
clock = datetime.datetime.now(datetime.timezone.utc)
source = sys.stdin.buffer if sys.stdin.buffer.peek(1) else []
for _, element in ElementTree.iterparse(source) if source else []:
    if element.tag != "testcase":
        continue
    test_id = f"{element.get('classname')}.{element.get('name')}"
    status = "success"
    out.status(test_id=test_id, test_status="inprogress", timestamp=clock)
    for part in element:
        if part.tag in ("failure", "error", "skipped"):
            status = "skip" if part.tag == "skipped" else "fail"
        if part.text:
            out.status(
                test_id=test_id, file_name=part.tag, eof=True,
                file_bytes=part.text.encode(), mime_type="text/plain;charset=utf8",
            )
    clock += datetime.timedelta(seconds=float(element.get("time", 0)))
    out.status(test_id=test_id, test_status=status, timestamp=clock)
    element.clear()
