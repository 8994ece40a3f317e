"""Write tests with the legacy protocol's own client, text between them."""

import datetime
import sys

from subunit import RemotedTestCase, TestProtocolClient
from testtools.content import Content, text_content
from testtools.content_type import ContentType

UTC = datetime.timezone.utc


def out(text):
    sys.stdout.buffer.write(text.encode("utf8"))


client = TestProtocolClient(sys.stdout)


def run(name, outcome, *args, **kwargs):
    test = RemotedTestCase(name)
    client.startTest(test)
    getattr(client, outcome)(test, *args, **kwargs)
    client.stopTest(test)


out("before\n")
client.progress(3, 0)
client.time(datetime.datetime(2026, 1, 31, 12, 0, 0, 250000, UTC))
run("client.passes", "addSuccess")
client.tags({"all"}, set())
out("between: успех г\n")
try:
    raise ValueError("no")
except ValueError:
    run("client.fails", "addFailure", sys.exc_info())
client.time(datetime.datetime(2026, 1, 31, 12, 0, 1, tzinfo=UTC))
run("client.errs", "addError", details={
    "traceback": text_content("boom\n]\n"),
    "dump": Content(
        ContentType("application", "x-dump"), lambda: [b"\xb3)\x01\r\n]\n\x00"]
    ),
})
run("client.skips", "addSkip", "no time")
run("client.xfails", "addExpectedFailure", details={})
run("client.uxsuccess", "addUnexpectedSuccess")
client.tags(set(), {"all"})
client.startTest(RemotedTestCase("client.dies"))
out("after")
