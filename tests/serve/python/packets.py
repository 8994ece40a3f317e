"""Reads hexadecimal streams, one a line, with the Python worker's own codec.

Prints for each line what it found, as JSON: the packets encoded again, and the
bytes between them. The first argument is the path of the worker.
"""

import importlib.util
import json
import sys

spec = importlib.util.spec_from_file_location("python_worker", sys.argv[1])
worker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(worker)
for line in sys.stdin:
    reader, items = worker.Reader(), []
    data = bytes.fromhex(line.strip())
    size = int(sys.argv[2])
    for at in range(0, len(data), size):
        items += reader.feed(data[at:at + size])
    items += reader.end()
    found = []
    for item in items:
        if isinstance(item, bytes):
            if found and "bytes" in found[-1]:
                found[-1]["bytes"] += item.hex()
            else:
                found.append({"bytes": item.hex()})
        else:
            found.append({"packet": item.encode().hex()})
    print(json.dumps(found))
