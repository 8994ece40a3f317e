"""Send events through testtools' StreamResult family.

Standard input is JSON: events, whose keys are those of StreamResult.status()
(bytes are hex, the timestamp is whole microseconds since 1970), and calls of a
test runner. Standard output is JSON: what each member of the family did.
"""

import datetime
import json
import queue
import sys
import warnings

import testtools
from testtools.content import Content
from testtools.content_type import ContentType
from testtools.testresult.real import ResourcedToStreamDecorator

warnings.simplefilter("ignore")
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MICROSECOND = datetime.timedelta(microseconds=1)


def from_json(event):
    event = dict(event)
    if event["test_tags"] is not None:
        event["test_tags"] = set(event["test_tags"])
    if event["file_bytes"] is not None:
        event["file_bytes"] = bytes.fromhex(event["file_bytes"])
    if event["timestamp"] is not None:
        event["timestamp"] = time(event["timestamp"])
    return event


def time(microseconds):
    return EPOCH + datetime.timedelta(microseconds=microseconds)


def shown(event):
    event = dict(event)
    event["test_tags"] = sorted(event.get("test_tags") or ())
    if event.get("file_bytes") is not None:
        event["file_bytes"] = event["file_bytes"].hex()
    if event.get("timestamp") is not None:
        event["timestamp"] = (event["timestamp"] - EPOCH) // MICROSECOND
    return event


class Log(testtools.StreamResult):
    """Appends what it is called with to a list."""

    def __init__(self, log, name):
        self.log = log
        self.name = name

    def startTestRun(self):
        self.log.append([self.name, "start"])

    def stopTestRun(self):
        self.log.append([self.name, "stop"])

    def status(self, **event):
        self.log.append([self.name, shown(event)])


def run(result):
    result.startTestRun()
    for event in INPUT["events"]:
        result.status(**from_json(event))
    result.stopTestRun()


def copied():
    log = []
    run(testtools.CopyStreamResult([Log(log, "one"), Log(log, "two")]))
    return log


def tagged():
    log = []
    run(testtools.StreamTagger(
        [Log(log, "")], add=["new", "net"], discard=["slow", "new"]))
    return log


def timestamped():
    log = []
    run(testtools.TimestampingStreamResult(Log(log, "")))
    return log


def failed():
    failures = []
    run(testtools.StreamFailFast(lambda: failures.append(None)))
    return len(failures)


def routed():
    log = []
    router = testtools.StreamResultRouter(Log(log, "fallback"))
    router.add_rule(Log(log, "0"), "route_code_prefix", route_prefix="0",
                    consume_route=True, do_start_stop_run=True)
    router.add_rule(Log(log, "1"), "route_code_prefix", route_prefix="1",
                    do_start_stop_run=True)
    router.add_rule(Log(log, "test"), "test_id", test_id="pkg.test_1",
                    do_start_stop_run=True)
    router.add_rule(Log(log, "none"), "test_id", test_id=None,
                    do_start_stop_run=True)
    run(router)
    return log


def as_dicts():
    tests = []

    def on_test(test):
        tests.append({
            "id": test["id"],
            "tags": sorted(test["tags"]),
            "details": [
                [name, b"".join(content.iter_bytes()).hex()]
                for name, content in test["details"].items()
            ],
            "status": test["status"],
            "timestamps": [
                stamp and (stamp - EPOCH) // MICROSECOND
                for stamp in test["timestamps"]
            ],
        })

    run(testtools.StreamToDict(on_test))
    return tests


def summarised():
    summary = testtools.StreamSummary()
    run(summary)
    return {
        "testsRun": summary.testsRun,
        "errors": [case.id() for case, _ in summary.errors],
        "skipped": [[case.id(), reason] for case, reason in summary.skipped],
        "expectedFailures": [case.id() for case, _ in summary.expectedFailures],
        "unexpectedSuccesses": [
            case.id() for case in summary.unexpectedSuccesses],
        "wasSuccessful": summary.wasSuccessful(),
    }


def queued():
    messages = queue.Queue()
    run(testtools.StreamToQueue(messages, "linux"))
    shown_messages = []
    while not messages.empty():
        message = messages.get()
        kind = message.pop("event")
        shown_messages.append(
            [kind, shown(message) if kind == "status" else None])
    return shown_messages


def one_at_a_time():
    log = []
    run(testtools.StreamToExtendedDecorator(
        testtools.ExtendedToStreamDecorator(Log(log, ""))))
    return log


class Named:
    """A test or a resource, which have ids."""

    def __init__(self, name):
        self.name = name

    def id(self):
        return self.name


def reported():
    log = []
    result = ResourcedToStreamDecorator(Log(log, ""))
    result.startTestRun()
    for name, *args in INPUT["calls"]:
        if name == "time":
            result.time(time(args[0]))
        elif name == "tags":
            result.tags(set(args[0]), set(args[1]))
        elif name.startswith("add"):
            details = {
                file: Content(ContentType("text", "plain"),
                              lambda text=text: [text.encode()])
                for file, text in args[1]
            }
            getattr(result, name)(Named(args[0]), details=details)
        else:
            getattr(result, name)(*map(Named, args))
    return log


INPUT = json.load(sys.stdin)
json.dump({
    member.__name__: member()
    for member in (
        copied, tagged, timestamped, failed, routed, as_dicts, summarised,
        queued, one_at_a_time, reported)
}, sys.stdout)
