"""The Python engine of subunit-worker: runs unittest tests on command.

    python3 python_worker.py [--timeout S] [--load-timeout S]
        [--on-ask wait|eof|fail] [--eager] MODULE...

Commands and results are subunit packets on descriptors 0 and 1. There are
three kinds of processes:

    worker     reads commands, writes results, never imports a test
    zygote     imports the tests once; replaced when a loaded file has changed
    generation forked from the zygote, runs one unit, and may die in any way

The worker learns from the zygote how a generation ended, and from packets on a
pipe of its own what it did. What a generation writes to its descriptors 1 and 2
arrives by two more pipes: before each packet the generation makes sure that
these are empty, so that all output stays in order and with its test.

Needs Python 3.8 or later on a POSIX system, and only the standard library.
"""

import array
import ast
import collections
import faulthandler
import fcntl
import gc
import importlib.util
import io
import json
import os
import select
import signal
import socket
import stat
import struct
import sys
import termios
import threading
import time
import traceback
import unittest
import zlib

CONTROL_TYPE = "application/x-subunit-control"
TEXT_TYPE = "text/plain;charset=utf8"
TRACEBACK_TYPE = 'text/x-traceback; charset="utf8"; language="python"'
COMMANDS = ("list", "run", "stdin", "stop", "signal", "reload", "ping", "quit")
# What the worker can, beside these: a list with this option has edits reported.
WATCH = "watch"
# How often files are looked at where they are watched.
LOOK_SECONDS = 0.15

# A write of this many bytes to a pipe is whole or absent, and never blocks once
# poll() reports the pipe as writable.
ATOMIC = 4096
# How much of a file goes into one packet of a generation, beside its names.
PART = 3584
# How much of a file goes into one packet of the worker, as in the Python tools.
LONG_PART = 3670016
# More than this much waiting output stops the generation.
MUCH_OUTPUT = 256 * 1024
# More than this much waiting output stops the reading of commands.
TOO_MUCH_OUTPUT = 4 * 1024 * 1024
TYPE_AHEAD = 64 * 1024
MAX_BODY = 256 * 1024 * 1024
MAX_QUEUE = 1024
# How many bytes of answers are remembered, in case a request arrives again.
REMEMBERED = 64 * 1024


# -- Packets -----------------------------------------------------------------

STATUSES = (
    None, "exists", "inprogress", "success", "uxsuccess", "skip", "fail", "xfail",
)
TEST_ID, ROUTE, TIME, RUNNABLE = 0x0800, 0x0400, 0x0200, 0x0100
TAGS, FILE, MIME, EOF, PARENT = 0x0080, 0x0040, 0x0020, 0x0010, 0x0008
MAX_PACKET = 4194303


def clean(text):
    """Returns text that a packet can hold."""
    text = str(text).replace("\0", "\\x00")
    return text.encode("utf-8", "backslashreplace").decode()


def number(value):
    if value < 0x40:
        return bytes((value,))
    if value < 0x4000:
        return struct.pack(">H", 0x4000 | value)
    if value < 0x400000:
        return struct.pack(">I", 0x800000 | value)[1:]
    return struct.pack(">I", 0xC0000000 | value)


def string(text):
    data = text.encode("utf-8")
    return number(len(data)) + data


class Packet:
    """The fields of a packet; `raw` is the packet itself once it was read."""

    __slots__ = (
        "raw", "status", "test_id", "tags", "mime", "name", "body", "eof",
        "route", "parent", "runnable", "time",
    )

    def __init__(
        self, status=None, test_id=None, tags=(), mime=None, name=None, body=b"",
        eof=False, route=None, parent=None, runnable=False, time=None, raw=None,
    ):
        self.status, self.test_id, self.tags = status, test_id, tags
        self.mime, self.name, self.body, self.eof = mime, name, body, eof
        self.route, self.parent, self.runnable = route, parent, runnable
        self.time, self.raw = time, raw

    def encode(self):
        flags = 0x2000 | STATUSES.index(self.status)
        fields = []
        if self.time is not None:
            flags |= TIME
            seconds, nanoseconds = divmod(self.time, 1000000000)
            fields += [struct.pack(">I", seconds), number(nanoseconds)]
        if self.test_id is not None:
            flags |= TEST_ID
            fields.append(string(self.test_id))
        if self.tags:
            flags |= TAGS
            fields.append(number(len(self.tags)))
            fields += map(string, self.tags)
        if self.mime is not None:
            flags |= MIME
            fields.append(string(self.mime))
        if self.name is not None:
            flags |= FILE
            fields += [string(self.name), number(len(self.body)), bytes(self.body)]
        if self.route is not None:
            flags |= ROUTE
            fields.append(string(self.route))
        if self.parent is not None:
            flags |= PARENT
            fields.append(string(self.parent))
        if self.runnable:
            flags |= RUNNABLE
        if self.eof:
            flags |= EOF
        body = b"".join(fields)
        # Signature, flags and CRC take 7 bytes, and the length counts itself.
        length = len(body) + 8
        if length >= 0x40:
            length += 1 if length + 1 < 0x4000 else 2
        data = struct.pack(">BH", 0xB3, flags) + number(length) + body
        return data + struct.pack(">I", zlib.crc32(data))


class Fields:
    """Takes the fields out of a packet; IndexError when it has no more bytes."""

    def __init__(self, data, at, end):
        self.data, self.at, self.end = data, at, end

    def bytes(self, count):
        start = self.at
        if start + count > self.end:
            raise IndexError
        self.at += count
        return self.data[start:self.at]

    def number(self):
        first = self.bytes(1)[0]
        value = first & 0x3F
        for byte in self.bytes(first >> 6):
            value = value << 8 | byte
        return value

    def string(self):
        text = self.bytes(self.number()).decode("utf-8")
        if "\0" in text:
            raise ValueError
        return text


def decode(raw):
    """Returns the packet whose bytes these are, or None when there is none."""
    if zlib.crc32(raw[:-4]) != int.from_bytes(raw[-4:], "big"):
        return None
    flags = int.from_bytes(raw[1:3], "big")
    it = Fields(raw, 3, len(raw) - 4)
    packet = Packet(STATUSES[flags & 7], runnable=bool(flags & RUNNABLE), raw=raw)
    try:
        it.number()
        if flags & TIME:
            seconds = int.from_bytes(it.bytes(4), "big")
            packet.time = seconds * 1000000000 + it.number()
        if flags & TEST_ID:
            packet.test_id = it.string()
        if flags & TAGS:
            packet.tags = [it.string() for _ in range(it.number())]
        if flags & MIME:
            packet.mime = it.string()
        if flags & FILE:
            packet.name = it.string()
            packet.body = it.bytes(it.number())
        if flags & ROUTE:
            packet.route = it.string()
        if flags & PARENT:
            packet.parent = it.string()
        packet.eof = bool(flags & EOF)
        return packet if it.at == it.end else None
    except (IndexError, ValueError):
        return None


class Reader:
    """Splits a stream into packets and the bytes between them."""

    def __init__(self):
        self.buffer = bytearray()

    def feed(self, data):
        """Returns the packets, and other bytes, that are complete now."""
        self.buffer += data
        items, at, foreign = [], 0, 0
        with memoryview(self.buffer) as view:
            size = len(view)
            while at < size:
                at = self.buffer.find(b"\xb3", at)
                if at < 0:
                    at = size
                    break
                length = self.claimed(at)
                if length is None or length > 0 and at + length > size:
                    break
                packet = decode(bytes(view[at:at + length])) if length else None
                if packet is None:
                    at += 1
                    continue
                if foreign < at:
                    items.append(bytes(view[foreign:at]))
                items.append(packet)
                at += length
                foreign = at
            if foreign < at:
                items.append(bytes(view[foreign:at]))
        del self.buffer[:at]
        return items

    def claimed(self, at):
        """The length in a header: 0 for an impossible one, None for a part."""
        header = self.buffer[at:at + 6]
        if len(header) > 1 and header[1] >> 4 != 2:
            return 0
        if len(header) < 4:
            return None
        octets = header[3] >> 6
        if octets == 3:
            return 0
        if len(header) < 4 + octets:
            return None
        length = header[3] & 0x3F
        for byte in header[4:4 + octets]:
            length = length << 8 | byte
        return length if length >= 8 else 0

    def end(self):
        """Returns what is left when no more bytes follow."""
        items = []
        while self.buffer:
            # A header without its packet: look for packets behind it.
            items.append(bytes(self.buffer[:1]))
            rest = bytes(self.buffer[1:])
            self.buffer.clear()
            items += self.feed(rest)
        return items


def control(word, body=b"", req=None, tags=()):
    """Returns the packets of a control message."""
    packets, at = [], 0
    while True:
        part, at = body[at:at + LONG_PART], at + LONG_PART
        packet = Packet(
            test_id=req, tags=tags, mime=CONTROL_TYPE, name=word, body=part,
            eof=at >= len(body),
        )
        packets.append(packet.encode())
        if packet.eof:
            return packets


def file_parts(test_id, name, body, mime, eof, size):
    """Yields the packets of a file, or of a part of it."""
    for at in range(0, len(body) or 1, size):
        part = body[at:at + size]
        yield Packet(
            test_id=test_id, mime=mime, name=name, body=part,
            eof=eof and at + size >= len(body), time=time.time_ns(),
        ).encode()


# -- Processes ---------------------------------------------------------------


def unread(fd):
    """Returns how many bytes wait in a pipe, at either end of it."""
    count = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, count)
    return count[0]


def is_readable(fd, milliseconds=0):
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    return bool(poller.poll(milliseconds))


try:
    import ctypes

    prctl = ctypes.CDLL(None).prctl
except (ImportError, OSError, AttributeError):
    # Not Linux: a killed worker ends its processes when they notice.
    prctl = None


def die_with_parent(parent, is_wanted=True):
    if prctl is not None:
        prctl(1, signal.SIGKILL if is_wanted else 0, 0, 0, 0)
    if is_wanted and os.getppid() != parent:
        os._exit(1)


def kill(pid, signum=signal.SIGKILL):
    """Signals a process and its group, which may not exist yet."""
    try:
        os.killpg(pid, signum)
    except (ProcessLookupError, PermissionError):
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            pass


def describe(status):
    """The end of a process in words."""
    if status is None:
        return "ended with the process that had imported the tests"
    if os.WIFSIGNALED(status):
        signum = os.WTERMSIG(status)
        try:
            return f"was killed by signal {signum} ({signal.Signals(signum).name})"
        except ValueError:
            return f"was killed by signal {signum}"
    return f"exited with status {os.WEXITSTATUS(status)}"


class Link:
    """Messages as JSON over a socket, with descriptors."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = bytearray()
        self.fds = array.array("i")

    def send(self, message, fds=()):
        data = json.dumps(message).encode()
        data = struct.pack(">I", len(data)) + data
        if fds:
            rights = array.array("i", fds)
            sent = self.sock.sendmsg(
                [data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
            )
            data = data[sent:]
        self.sock.sendall(data)

    def receive(self):
        """Returns the messages that are there now; None at the end."""
        space = socket.CMSG_SPACE(16 * self.fds.itemsize)
        data, ancillary, _, _ = self.sock.recvmsg(1 << 18, space)
        for _, _, rights in ancillary:
            self.fds.frombytes(rights[:len(rights) - len(rights) % self.fds.itemsize])
        if not data:
            return None
        self.buffer += data
        messages = []
        while len(self.buffer) >= 4:
            end = 4 + int.from_bytes(self.buffer[:4], "big")
            if len(self.buffer) < end:
                break
            messages.append(json.loads(self.buffer[4:end].decode()))
            del self.buffer[:end]
        return messages

    def take_fds(self):
        fds, self.fds = list(self.fds), array.array("i")
        return fds


# -- Zygote ------------------------------------------------------------------


class Loader(unittest.TestLoader):
    """A loader that announces each module, and refuses those that crash."""

    def __init__(self, announce, crashed):
        super().__init__()
        self.announce, self.crashed = announce, crashed

    def load(self, name):
        self.announce(name)
        if os.path.isdir(name):
            is_package = os.path.exists(os.path.join(name, "__init__.py"))
            return self.discover(name, top_level_dir="." if is_package else None)
        return self.loadTestsFromName(module_name(name))

    def _get_module_from_name(self, name):
        # Called by discover() for each module.
        if name in self.crashed:
            raise unittest.SkipTest("reported by the worker")
        self.announce(name)
        return super()._get_module_from_name(name)


def module_name(name):
    """Returns the name of a module that may be given as a file."""
    if not name.endswith(".py") or not os.path.isfile(name):
        return name
    return os.path.relpath(name)[:-3].replace(os.sep, ".")


def own_traceback(error):
    """Formats an exception without the frames that only import."""
    shown = error.__traceback__
    while shown is not None and (
        shown.tb_frame.f_code.co_filename in (Loader.load.__code__.co_filename,
                                              unittest.loader.__file__)
        or "importlib._bootstrap" in shown.tb_frame.f_code.co_filename
    ):
        shown = shown.tb_next
    # An error in the syntax has its place in itself.
    if shown is None and not isinstance(error, SyntaxError):
        shown = error.__traceback__
    lines = traceback.format_exception(type(error), error, shown)
    return "".join(lines)


def is_plain(suite):
    """Whether the tests of a suite can run without it."""
    kind = type(suite)
    return (
        isinstance(suite, unittest.BaseTestSuite)
        and kind.run in (unittest.TestSuite.run, unittest.BaseTestSuite.run)
        and kind.__call__ is unittest.BaseTestSuite.__call__
        and not hasattr(suite, "filter_by_ids")
    )


def filter_by_ids(test, ids):
    """Reduces a suite to some ids, as testtools does."""
    if hasattr(test, "filter_by_ids"):
        return test.filter_by_ids(ids)
    if hasattr(test, "id"):
        return test if test.id() in ids else unittest.TestSuite()
    if isinstance(test, unittest.BaseTestSuite):
        test._tests[:] = [filter_by_ids(item, ids) for item in test]
    return test


class Index:
    """All tests, by the ids that the worker knows them by."""

    def __init__(self, crashed):
        self.crashed = crashed
        self.tests = {}  # id: (test, the suite that it needs or None)
        self.broken = {}  # module: traceback

    def add(self, test, group=None):
        if is_plain(test) or group is not None and not hasattr(test, "id"):
            for item in test:
                self.add(item, group)
        elif hasattr(test, "__iter__") and not hasattr(test, "id"):
            for item in test:
                self.add(item, test)
        elif type(test).__name__ == "ModuleSkipped" and (
            test._testMethodName in self.crashed
        ):
            # The loader refused it.
            pass
        elif type(test).__name__ == "_FailedTest":
            # unittest's stand-in for a module that does not load.
            self.broken[test._testMethodName] = str(test._exception)
        else:
            first = name = clean(test.id())
            count = 1
            while name in self.tests:
                count += 1
                name = f"{first}#{count}"
            self.tests[name] = (test, group)


def source_of(test):
    return getattr(sys.modules.get(type(test).__module__), "__file__", None)


def stamp(path):
    """What changes with a file; None when it cannot be read."""
    try:
        found = os.stat(path)
        return [found.st_mtime_ns, found.st_size]
    except OSError:
        return None


def likely_files(name, folders):
    """The stamps of where a module that never loaded could be."""
    path = module_name(name).replace(".", os.sep)
    ends = (path + ".py", os.path.join(path, "__init__.py"))
    paths = [os.path.join(it, end) for it in (os.curdir, *folders) for end in ends]
    return {path: stamp(path) for path in paths}


def imported_names(module, path):
    """The modules that a module may import, from its source."""
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return set()
    names = set()
    is_package = os.path.basename(path) == "__init__.py"
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(it.name for it in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[:len(package.split(".")) - node.level + 1]
            parts = [*(base if node.level else ()), *filter(None, [node.module])]
            front = ".".join(filter(None, parts))
            names.add(front)
            names.update(f"{front}.{it.name}".strip(".") for it in node.names)
    # Of a module in a package, that is loaded as well.
    for name in list(names):
        while "." in name:
            name = name.rpartition(".")[0]
            names.add(name)
    return names


def needed_files(names, folders):
    """The stamps of where modules that did not load, and what they import, could
    be; and those modules that are there."""
    stamps, modules = {}, {}
    left = list(names)
    for name in left:
        for path, was in likely_files(name, folders).items():
            if path in stamps:
                continue
            stamps[path] = was
            if was is not None:
                modules[module_name(name)] = path
                left += imported_names(module_name(name), path)
    return stamps, modules


def with_importers(edited, modules):
    """Adds the files whose modules import one of these, or one that does."""
    here = os.getcwd() + os.sep
    imports = {}
    for name, path in modules.items():
        if os.path.abspath(path).startswith(here):
            imports[path] = imported_names(name, path)
    found = set(edited)
    grows = True
    while grows:
        names = {name for name, path in modules.items() if path in found}
        for path in found:
            rest = os.path.relpath(path).rpartition(".")[0]
            names.add(rest.replace(os.sep, "."))
        more = {path for path, wanted in imports.items() if wanted & names} - found
        found |= more
        grows = bool(more)
    return found


def scripts_below(folder):
    """The modules that discovery could find."""
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [it for it in folders if it.isidentifier() and it != "__pycache__"]
        found += [os.path.join(parent, it) for it in files if it.endswith(".py")]
    return sorted(found)


def zygote(sock, parent, options, crashed):
    """Imports the tests, then forks a generation for each unit."""
    os.setsid()
    die_with_parent(parent)
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_DFL)
    link = Link(sock)
    before = set(sys.modules)
    sys.path.insert(0, os.getcwd())
    importlib.invalidate_caches()
    index = Index(crashed)
    loader = Loader(lambda name: link.send({"loading": name}), crashed)
    for name in options.names:
        if name in crashed:
            continue
        try:
            index.add(loader.load(name))
        except BaseException as error:
            index.broken[name] = own_traceback(error)
    modules = {
        name: getattr(module, "__file__", None)
        for name, module in list(sys.modules.items()) if name not in before
    }
    modules = {it: path for it, path in modules.items() if isinstance(path, str)}
    files = {path: stamp(path) for path in modules.values()}
    sources = [[name, source_of(test)] for name, (test, _) in index.tests.items()]
    has_threads = threading.active_count() > 1
    link.send({
        "tests": sources,
        "files": files,
        "modules": modules,
        "broken": index.broken,
        "threads": has_threads,
        "scripts": {
            name: scripts_below(name) for name in options.names if os.path.isdir(name)
        },
    })
    del modules, files, sources
    # Reference counts still change pages; collecting garbage need not.
    gc.collect()
    gc.freeze()
    # From here on the end of the socket is noticed, and ends a generation with
    # all of its processes.
    die_with_parent(parent, False)
    wake, woken = os.pipe()
    for fd in (wake, woken):
        os.set_blocking(fd, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    child = None
    while True:
        # A killed generation is waited for before anything else is read.
        ready, _, _ = select.select([sock, wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
            if child is not None:
                status = reap(child)
                if status is not None:
                    child = None
                    link.send({"exited": status})
        if sock in ready:
            try:
                messages = link.receive()
            except ConnectionError:
                messages = None
            if messages is None:
                if child is not None:
                    kill(child)
                os._exit(0)
            for message in messages:
                fds = link.take_fds()
                own = os.getpid()
                child = 0 if message["become"] else os.fork()
                if child == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    for fd in (wake, woken):
                        os.close(fd)
                    if message["become"]:
                        # The worker learns from the socket how it ends.
                        link.send({"forked": own})
                    else:
                        sock.close()
                    generation(fds, own, message, index)
                for fd in fds:
                    os.close(fd)
                link.send({"forked": child})


def reap_group(pid):
    """Ends what a process started, once it has ended itself."""
    if hasattr(os, "waitid"):
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        if os.waitid(os.P_PID, pid, flags) is not None:
            kill(pid)


def reap(pid):
    """Waits for a process that may have ended, and ends what it started."""
    if hasattr(os, "waitid"):
        # While it is a zombie, its number belongs to nobody else.
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        if os.waitid(os.P_PID, pid, flags) is None:
            return None
        kill(pid)
    found, status = os.waitpid(pid, os.WNOHANG)
    return status if found else None


# -- Generation --------------------------------------------------------------


class Channel:
    """The way from a generation to the worker, and the answers."""

    def __init__(self, results, gate, answers, outputs):
        self.results, self.gate, self.answers = results, gate, answers
        self.outputs = outputs
        self.pid = os.getpid()
        self.lock = threading.RLock()
        self.asked = self.sent = self.acknowledged = 0
        self.is_stopped = False
        self.prompt = b""  # the end of the output, after its last line
        self.tests = []  # of which the last one runs
        os.register_at_fork(after_in_child=self.forked)

    def forked(self):
        # Another thread may have held it.
        self.lock = threading.RLock()

    @property
    def is_own(self):
        """False in a process that a test has forked."""
        return os.getpid() == self.pid

    def send(self, *packets):
        if not self.is_own:
            return
        with self.lock:
            if any(map(unread, self.outputs)):
                self.fence()
            for packet in packets:
                self.write(packet)

    def fence(self):
        """Waits until the worker has read what came by descriptors 1 and 2."""
        self.sent += 1
        number = self.sent
        self.write(*control("fence", b"%d" % number))
        while self.acknowledged < number:
            self.receive()

    def write(self, packet):
        if len(packet) <= ATOMIC:
            os.write(self.results, packet)
            return
        # No handler may raise an exception between two parts of a packet.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            while packet:
                packet = packet[os.write(self.results, packet):]
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def receive(self):
        """Takes one message of the worker; returns a plan if it is one."""
        head = self.read(5)
        kind, value = chr(head[0]), int.from_bytes(head[1:], "big")
        if kind == "p":
            return json.loads(self.read(value).decode())
        if kind == "s":
            self.is_stopped = True
        else:
            self.acknowledged = max(self.acknowledged, value)
        return None

    def read(self, count):
        data = bytearray()
        while len(data) < count:
            part = self.gate.recv(min(count - len(data), 1 << 20))
            if not part:
                # The worker is gone, or needs no more of this generation.
                os._exit(0)
            data += part
        return bytes(data)

    def plan(self):
        while True:
            plan = self.receive()
            if plan is not None:
                return plan

    def check_stop(self):
        with self.lock:
            while is_readable(self.gate):
                self.receive()
        return self.is_stopped

    def ask(self, prompt):
        """Waits for input; False for the end of it."""
        self.asked += 1
        number = self.asked
        test = self.tests[-1] if self.tests else None
        body = {"number": number, "test": test, "prompt": prompt}
        self.send(*control("ask", json.dumps(body).encode()))
        try:
            while True:
                answer = b""
                while len(answer) < 5:
                    part = os.read(self.answers, 5 - len(answer))
                    if not part:
                        os._exit(0)
                    answer += part
                if int.from_bytes(answer[1:], "big") >= number:
                    return answer[:1] == b"r"
        except BaseException:
            # The debugger was interrupted: nobody waits for this answer.
            self.send(*control("unask", b"%d" % number))
            raise

    def file(self, test_id, name, body, mime, eof=True):
        self.send(*file_parts(test_id, name, body, mime, eof, PART))

    def status(self, status, test_id, tags=(), parent=None, runnable=True, when=None):
        self.send(Packet(
            status, test_id, tags, parent=parent, runnable=runnable,
            time=time.time_ns() if when is None else when,
        ).encode())


class Output(io.RawIOBase):
    """sys.stdout and sys.stderr: files of the test that runs."""

    def __init__(self, channel, fd, name):
        self.channel, self.fd, self.name = channel, fd, f"<{name}>"
        self.file_name = name

    def writable(self):
        return True

    def fileno(self):
        return self.fd

    def write(self, data):
        data = bytes(data)
        if not self.channel.is_own:
            return os.write(self.fd, data)
        line = data[data.rfind(b"\n") + 1:]
        before = b"" if b"\n" in data else self.channel.prompt
        self.channel.prompt = (before + line)[-1000:]
        tests = self.channel.tests
        test_id = tests[-1] if tests else None
        self.channel.file(test_id, self.file_name, data, TEXT_TYPE, False)
        return len(data)


class Input(io.RawIOBase):
    """sys.stdin: announces that the test waits for input."""

    name = "<stdin>"

    def __init__(self, channel, fd):
        self.channel, self.fd = channel, fd

    def readable(self):
        return True

    def fileno(self):
        return 0

    def readinto(self, buffer):
        while self.channel.is_own and not is_readable(self.fd):
            flush()
            prompt = self.channel.prompt.decode("utf-8", "replace")
            has_more = self.channel.ask(prompt)
            # Who answers ends the line, which is not written here.
            self.channel.prompt = b""
            if not has_more:
                return 0
        data = os.read(self.fd, len(buffer))
        buffer[:len(data)] = data
        return len(data)


streams = []


def flush():
    for stream in streams:
        try:
            stream.flush()
        except ValueError:
            # A test has closed it.
            pass


def replace_streams(channel, stdin):
    def text(raw):
        buffered = io.BufferedWriter(raw)
        return io.TextIOWrapper(
            buffered, "utf-8", "backslashreplace", line_buffering=True
        )

    sys.stdout = sys.__stdout__ = text(Output(channel, 1, "stdout"))
    sys.stderr = sys.__stderr__ = text(Output(channel, 2, "stderr"))
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(
        io.BufferedReader(Input(channel, stdin)), "utf-8", "surrogateescape"
    )
    streams[:] = [sys.stdout, sys.stderr]


# Of several outcomes of a test, the highest one counts.
RANKS = ("success", "skip", "xfail", "uxsuccess", "fail")


class Result(unittest.TestResult):
    """Reports to the worker: each test gets one status, when it stops.

    Understands what testtools adds: details, tags and times.
    """

    def __init__(self, channel):
        super().__init__()
        self.channel = channel
        self.names = {}  # the id that the worker knows a test by
        self.outcomes = {}  # of the tests that run
        self.final = set()
        self.children = collections.Counter()
        self.files = collections.Counter()
        self.run_tags, self.test_tags = set(), None
        self.now = None
        self.fixture = None

    def name(self, test):
        return self.names.get(id(test)) or clean(test.id())

    def when(self):
        return self.now if self.now is not None else time.time_ns()

    def startTest(self, test):
        name = self.name(test)
        flush()
        self.channel.tests.append(name)
        self.outcomes[name] = None
        self.test_tags = set(self.run_tags)
        self.children.clear()
        self.files.clear()
        self.channel.status("inprogress", name, when=self.when())

    def stopTest(self, test):
        name = self.name(test)
        status = self.outcomes.pop(name, None)
        if status is None:
            status = "fail"
            error = sys.exc_info()[1]
            if error is None:
                self.text(name, "reason", "The test ended without a result")
            else:
                self.text(name, "traceback", own_traceback(error), TRACEBACK_TYPE)
        self.end(name, status)
        if name in self.channel.tests:
            self.channel.tests.remove(name)
        self.test_tags = None
        self.shouldStop = self.shouldStop or self.channel.check_stop()

    def end(self, name, status, tags=(), parent=None, runnable=True):
        flush()
        if parent is None:
            if name in self.final:
                return
            self.final.add(name)
        own = self.run_tags if self.test_tags is None else self.test_tags
        tags = sorted(clean(tag) for tag in own.union(tags))
        self.channel.status(status, name, tags, parent, runnable, self.when())

    def text(self, name, file_name, text, mime=TEXT_TYPE):
        self.attach(name, file_name, [clean(text).encode()], mime)

    def attach(self, name, file_name, parts, mime):
        flush()
        file_name = clean(file_name)
        self.files[name, file_name] += 1
        if self.files[name, file_name] > 1:
            file_name += f"-{self.files[name, file_name] - 1}"
        last = None
        for part in parts:
            if last is not None:
                self.channel.file(name, file_name, last, mime, False)
            last = bytes(part)
        self.channel.file(name, file_name, last or b"", mime)

    def report(self, test, status, error=None, details=None, reason=None):
        """Takes an outcome, of which a test can have several."""
        if isinstance(test, unittest.case._SubTest):
            return self.report_child(test.test_case, test, status, error, reason)
        name = self.name(test)
        self.explain(name, test, error, details, reason)
        if name in self.outcomes:
            self.outcomes[name] = max(
                self.outcomes[name] or status, status, key=RANKS.index
            )
        else:
            # setUpClass and the like are reported without being started.
            if isinstance(test, unittest.suite._ErrorHolder):
                self.fixture = (status, name)
                # Each failure counts, also of the same fixture once more.
                self.final.discard(name)
            self.end(name, status, runnable=False)

    def explain(self, name, test, error, details, reason):
        if error is not None:
            text = self._exc_info_to_string(error, test)
            self.text(name, "traceback", text, TRACEBACK_TYPE)
        for key, content in (details or {}).items():
            self.attach(name, key, content.iter_bytes(), repr(content.content_type))
        if reason is not None:
            self.text(name, "reason", reason)

    def report_child(self, test, child, status, error, reason=None):
        parent = self.name(test)
        name = clean(child.id())
        if name.startswith(clean(test.id())):
            name = parent + name[len(clean(test.id())):]
        self.children[name] += 1
        if self.children[name] > 1:
            name += f"#{self.children[name]}"
        # A reader learns whose child it is before it gets files.
        self.channel.status("inprogress", name, (), parent, False, self.when())
        self.explain(name, child, error, None, reason)
        self.end(name, status, parent=parent, runnable=False)
        if status == "fail":
            self.outcomes[parent] = "fail"

    def addSuccess(self, test, details=None):
        self.report(test, "success", None, details)

    def addError(self, test, err=None, details=None):
        self.report(test, "fail", err, details)

    addFailure = addError

    def addSkip(self, test, reason=None, details=None):
        self.report(test, "skip", None, details, reason)

    def addExpectedFailure(self, test, err=None, details=None):
        self.report(test, "xfail", err, details)

    def addUnexpectedSuccess(self, test, details=None):
        self.report(test, "uxsuccess", None, details)

    def addSubTest(self, test, subtest, err):
        status = "success" if err is None else "fail"
        self.report_child(test, subtest, status, err)

    def addDuration(self, test, elapsed):
        pass

    def wasSuccessful(self):
        return True

    def tags(self, new_tags, gone_tags):
        tags = self.run_tags if self.test_tags is None else self.test_tags
        tags.difference_update(gone_tags)
        tags.update(new_tags)

    def time(self, when):
        self.now = None if when is None else round(when.timestamp() * 1e6) * 1000

    def settle(self, test, names):
        """Reports tests that came to nothing, once it was their turn."""
        for name in names:
            if name in self.final:
                continue
            is_fixture = self.fixture is not None and (
                getattr(type(test), "_classSetupFailed", False)
                or getattr(self, "_moduleSetUpFailed", False)
            )
            if is_fixture and self.fixture[0] == "skip":
                self.text(name, "reason", f"{self.fixture[1]} was skipped")
                self.end(name, "skip")
            elif is_fixture:
                self.text(name, "worker", f"{self.fixture[1]} failed")
                self.end(name, "fail", {"unstarted"})
            else:
                self.text(name, "worker", "The test ran and reported nothing")
                self.end(name, "fail", {"lost", "unstarted"})


class Plan(unittest.TestSuite):
    """Tests in the order of the worker, with unittest's fixtures around them."""

    _cleanup = False

    def __init__(self, result, items):
        super().__init__()
        self.result, self.items = result, items

    def __iter__(self):
        for test, names in self.items:
            yield test
            # The next one is wanted, so this one has run, or never will.
            self.result.settle(test, names)


def plan_items(index, names, result):
    """Returns the tests of a plan, those of one special suite together."""
    items, groups = [], {}
    for name in names:
        test, group = index.tests[name]
        result.names[id(test)] = name
        if group is None:
            items.append((test, [name]))
        elif id(group) in groups:
            groups[id(group)].append(name)
        else:
            groups[id(group)] = [name]
            items.append((group, groups[id(group)]))
    return [
        (test, own) if index.tests[own[0]][1] is None else
        (filter_by_ids(test, {index.tests[it][0].id() for it in own}), own)
        for test, own in items
    ], bool(groups)


def generation(fds, parent, options, index):
    """Runs the units that the worker plans, and does not return."""
    status = 1
    try:
        if not options["become"]:
            os.setsid()
            die_with_parent(parent)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for fd in fds:
            os.set_inheritable(fd, False)
        results, stdin, out, err, gate, answers = fds
        os.dup2(out, 1)
        os.dup2(err, 2)
        # Processes that a test starts read it too, unless nobody would answer.
        source = stdin if options["waits"] else os.open(os.devnull, os.O_RDONLY)
        os.dup2(source, 0)
        gate = socket.socket(fileno=gate)
        channel = Channel(results, gate, answers, (out, err))
        replace_streams(channel, stdin)
        faulthandler.enable(2)
        result = Result(channel)
        while True:
            plan = channel.plan()
            result.final.clear()
            result.shouldStop = channel.is_stopped
            items, has_groups = plan_items(index, plan["ids"], result)
            try:
                Plan(result, items).run(result)
            finally:
                flush()
            is_kept = plan["keep"] and not has_groups
            channel.send(*control("unit", b"keep" if is_kept else b""))
            if not is_kept:
                break
        status = 0
    except KeyboardInterrupt:
        # The test has reported it; the others run in a new generation.
        channel.send(*control("unit"))
        status = 0
    except BaseException:
        traceback.print_exc()
        flush()
    finally:
        os._exit(status)


# -- Worker ------------------------------------------------------------------


class Ended(BaseException):
    """A signal that ends the worker, or the end of its reader."""


class Zygote:
    """The worker's side of a zygote."""

    def __init__(self, options, crashed):
        ours, theirs = socket.socketpair()
        self.started = time.time_ns()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                ours.close()
                for fd in options.own_fds:
                    os.close(fd)
                zygote(theirs, parent, options, crashed)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        theirs.close()
        self.link = Link(ours)
        self.loading = None
        self.is_ready = self.is_used = self.has_threads = False
        self.tests, self.files, self.broken, self.scripts = {}, {}, {}, {}
        self.modules, self.missing = {}, None

    def loaded(self, message, crashed):
        self.tests = dict(message["tests"])
        self.files, self.scripts = message["files"], message["scripts"]
        self.modules = message["modules"]
        for name in crashed:
            self.files.update(likely_files(name, self.scripts))
        self.broken = {**message["broken"], **crashed}
        self.has_threads = message["threads"]
        self.is_ready = True

    def changed(self):
        """Returns the files that are not what was loaded."""
        found = [path for path, was in self.files.items() if stamp(path) != was]
        for folder, was in self.scripts.items():
            found += set(was).symmetric_difference(scripts_below(folder))
        return found

    def mended(self):
        """Returns what is not what it was when a module that needs it did not load."""
        if self.missing is None:
            now = time.time_ns()
            self.missing, found = needed_files(self.broken, self.scripts)
            self.modules = {**found, **self.modules}
            for path, was in self.missing.items():
                # It was edited meanwhile.
                if was is not None and self.started < was[0] <= now:
                    self.missing[path] = None
        return [path for path, was in self.missing.items() if stamp(path) != was]

    def is_edited(self, name):
        """Whether the file of a test is not what was loaded."""
        source = self.tests.get(name)
        return source in self.files and stamp(source) != self.files[source]

    def end(self):
        """Kills it; returns how it ended."""
        kill(self.pid)
        self.link.sock.close()
        return os.waitpid(self.pid, 0)[1]


class Generation:
    """The worker's side of a generation."""

    def __init__(self):
        self.pid = None
        self.reader = Reader()
        self.tests = []  # in progress, of which the last one runs
        self.has_progress = False
        self.is_done = self.is_kept = False
        self.asking = None
        self.wants_end = False
        self.typed = bytearray()
        self.doom = None  # why it was killed
        self.left = None  # seconds on the clock; None: no clock
        self.results, results = os.pipe()
        stdin, self.stdin = os.pipe()
        self.out, out = os.pipe()
        self.err, err = os.pipe()
        answers, self.answers = os.pipe()
        self.gate, gate = socket.socketpair()
        for fd in (self.results, self.stdin):
            os.set_blocking(fd, False)
        self.theirs = [results, stdin, out, err, gate.detach(), answers]
        self.closed = set()

    @property
    def test(self):
        return self.tests[-1] if self.tests else None

    def started(self):
        for fd in self.theirs:
            os.close(fd)
        self.theirs = []

    def tell(self, kind, value=0, body=b""):
        try:
            self.gate.sendall(kind + struct.pack(">I", value) + body)
        except OSError:
            # It has just ended, and its parent will report that.
            pass

    def tell_plan(self):
        # Not before it runs: a long plan blocks until it is read.
        self.tell(b"p", len(self.plan), self.plan)

    def answer(self, kind):
        try:
            os.write(self.answers, kind + struct.pack(">I", self.asking))
        except OSError:
            pass
        self.asking = None

    def pump(self):
        """Passes on what was typed, as far as the pipe takes it."""
        try:
            while self.typed:
                del self.typed[:os.write(self.stdin, self.typed)]
        except BlockingIOError:
            pass
        except OSError:
            self.typed.clear()

    def close(self):
        self.started()
        for fd in (self.results, self.stdin, self.out, self.err, self.answers):
            os.close(fd)
        self.gate.close()


def seconds(text):
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(f'Expected seconds, not "{text}"')
    return value


class Job:
    """A command that ends with `done`."""

    def __init__(self, word, req, tags, body):
        self.word, self.req, self.tags = word, req, tags
        self.ids = self.left = None
        self.ran = 0
        self.timeout = None
        self.is_debug = "debug" in tags
        self.keeps = "generation=keep" in tags
        self.is_stopping = self.is_planned = False
        self.lives = 2
        self.lines = []
        if word == "run":
            text = body.decode("utf-8")
            separator = "\0" if text.endswith("\0") else "\n"
            names = (it.rstrip("\r") if separator == "\n" else it
                     for it in text.split(separator))
            # Each id once, in their order.
            self.ids = list(dict.fromkeys(it for it in names if it))
            for tag in tags:
                if tag.startswith("timeout="):
                    self.timeout = seconds(tag[8:])
        elif word == "list":
            self.lines = [it for it in body.decode("utf-8").splitlines() if it]


class Worker:
    def __init__(self, options):
        self.options = options
        self.input, self.output = options.own_fds
        self.is_file = stat.S_ISREG(os.fstat(self.output).st_mode)
        self.reader = Reader()
        self.out = bytearray()
        self.parts = {}  # (request, word): [body, tags] of a command not yet whole
        self.queue = collections.deque()
        self.job = None
        self.packets = None  # of the job, made when there is room for them
        self.zygote = None
        self.generation = None
        self.crashed = {}  # modules that ended a zygote: why
        self.was_suspect = False
        self.answered = collections.OrderedDict()
        self.is_quitting = self.has_no_input = False
        self.loading_left = None
        self.is_watching = False
        self.reported = set()  # edited files of this zygote
        self.looked = time.monotonic()
        self.edited = {}  # the stamps of files found edited by the last look

    # Output

    def reply(self, word, body):
        for packet in control(word, json.dumps(body).encode()):
            self.out += packet

    def error(self, req, code, text):
        self.reply("error", {"req": req, "code": code, "text": text})

    def flush_some(self):
        size = 65536 if self.is_file else ATOMIC
        try:
            with memoryview(self.out) as view:
                count = os.write(self.output, view[:size])
        except BlockingIOError:
            return
        except BrokenPipeError:
            raise Ended(0)
        del self.out[:count]

    def file(self, test_id, name, body):
        for packet in file_parts(test_id, name, body, TEXT_TYPE, False, LONG_PART):
            self.out += packet

    def verdict(self, test_id, tags, text, name="worker", runnable=True):
        """The packets of a failure that no generation reports."""
        packets = list(file_parts(
            test_id, name, clean(text).encode(),
            TRACEBACK_TYPE if name == "traceback" else TEXT_TYPE, True, LONG_PART,
        ))
        packets.append(Packet(
            "fail", test_id, tags, runnable=runnable, time=time.time_ns(),
        ).encode())
        return b"".join(packets)

    def blame(self, test_id, tags, text):
        self.out += self.verdict(test_id, tags, text)
        del self.job.left[test_id]
        self.job.ran += 1

    # Commands

    def read_commands(self):
        data = os.read(self.input, 1 << 20)
        for item in self.reader.feed(data) if data else self.reader.end():
            if isinstance(item, bytes):
                self.error(None, "bad-body", f"{len(item)} bytes are no packet")
            elif item.route is not None:
                text = f'A worker has no child "{item.route}"'
                self.error(item.test_id, "no-route", text)
            else:
                self.collect(item)
        if not data:
            self.has_no_input = True
            for req, word in self.parts:
                self.error(req, "bad-body", f"The body of {word} has no end")
            self.quit()

    def collect(self, packet):
        """Joins the parts of a command."""
        if packet.mime is None and packet.name == "stdin" and packet.status is None:
            self.type(packet.test_id, packet.body, packet.eof)
            return
        key = (packet.test_id, packet.name)
        if packet.name is None or packet.status is not None or (
            packet.mime != CONTROL_TYPE and key not in self.parts
        ):
            self.error(packet.test_id, "unknown-command", "This is no command")
            return
        body, tags = self.parts.setdefault(key, (bytearray(), set()))
        if len(body) + len(packet.body) <= MAX_BODY:
            body += packet.body
        else:
            tags.add("\0too long")
        tags.update(packet.tags)
        if not packet.eof:
            return
        del self.parts[key]
        if "\0too long" in tags:
            self.error(packet.test_id, "bad-body", f"More than {MAX_BODY} bytes")
            return
        try:
            self.command(packet.name, packet.test_id, tags, bytes(body))
        except ValueError as error:
            # So is a body that is not UTF-8.
            self.error(packet.test_id, "bad-body", str(error))

    def command(self, word, req, tags, body):
        if word == "ping":
            for packet in control("pong", body):
                self.out += packet
        elif word == "quit":
            self.quit()
        elif word == "stop":
            self.stop(body.decode("utf-8") or None, "now" in tags)
        elif word == "signal":
            self.signal(req, body.decode("utf-8").split())
        elif word not in COMMANDS:
            self.error(req, "unknown-command", f'There is no command "{word}"')
        elif self.is_quitting:
            self.error(req, "busy", "The worker is about to end")
        elif len(self.queue) >= MAX_QUEUE:
            self.error(req, "busy", f"{MAX_QUEUE} commands wait already")
        else:
            job = Job(word, req, tags, body)
            if word == "run" and req is not None:
                if req in self.answered:
                    # Delivered twice, and answered: that was lost on the way.
                    self.out += self.answered[req]
                    return
                waiting = [self.job] if self.job else []
                if any(it.req == req for it in [*waiting, *self.queue]):
                    return
            self.queue.append(job)

    def type(self, req, data, eof):
        generation = self.generation
        if generation is None or generation.is_kept:
            # The end of its input may cross the end of a test.
            if data:
                text = "No test runs that could read it"
                self.error(req, "no-reader", text)
            return
        waiting = len(generation.typed) + unread(generation.stdin)
        if generation.asking is None and waiting + len(data) > TYPE_AHEAD:
            text = f"{waiting} bytes wait already, at most {TYPE_AHEAD} may"
            self.error(req, "no-reader", text)
            return
        generation.typed += data
        generation.pump()
        generation.wants_end = generation.wants_end or eof
        self.answer_question()

    def answer_question(self):
        """Returns whether a test that asked has its answer now."""
        generation = self.generation
        if generation.asking is None:
            return False
        if generation.typed or unread(generation.stdin):
            generation.answer(b"r")
        elif generation.wants_end:
            generation.wants_end = False
            generation.answer(b"e")
        else:
            return False
        return True

    def signal(self, req, words):
        signums = {"INT": signal.SIGINT, "QUIT": signal.SIGQUIT,
                   "WINCH": signal.SIGWINCH}
        if not words or words[0] not in signums:
            raise ValueError("Expected INT, QUIT or WINCH")
        if self.generation is None or not self.generation.pid or self.job is None:
            self.error(req, "no-reader", "No test runs")
        else:
            kill(self.generation.pid, signums[words[0]])

    def stop(self, req, now):
        for job in [it for it in self.queue if it.word == "run"]:
            if req is None or job.req == req:
                self.queue.remove(job)
                self.done(job, job.ids)
        job = self.job
        if job is None or job.word != "run" or req is not None and job.req != req:
            # It has just been answered.
            return
        job.is_stopping = True
        if self.generation is not None:
            self.generation.tell(b"s")
            if now:
                self.doom("stopped by a command")

    def quit(self):
        self.is_quitting = True
        while self.queue:
            job = self.queue.popleft()
            if job.word == "run":
                self.done(job, job.ids)
            else:
                self.error(job.req, "busy", "The worker is about to end")
        self.stop(None, False)
        if self.generation is not None:
            # Nobody is left who could answer.
            self.generation.wants_end = True
            self.answer_question()

    def done(self, job, unrun=()):
        body = {"req": job.req, "ran": job.ran, "unrun": list(unrun or ())}
        packets = b"".join(control("done", json.dumps(body).encode()))
        if job.word == "run" and job.req is not None:
            self.answered[job.req] = packets
            while len(self.answered) > 1 and (
                sum(map(len, self.answered.values())) > REMEMBERED
            ):
                self.answered.popitem(last=False)
        self.out += packets

    # Jobs

    def advance(self):
        """Goes on as far as possible without waiting."""
        while len(self.out) < MUCH_OUTPUT:
            if self.packets is not None:
                packet = next(self.packets, None)
                if packet is not None:
                    self.out += packet
                    continue
                self.packets = None
            job = self.job
            if job is None:
                if self.options.eager and self.zygote is None and not self.is_quitting:
                    self.load()
                if not self.queue:
                    return
                job = self.job = self.queue.popleft()
                if job.word != "reload":
                    self.refresh()
            if job.word == "reload":
                self.drop_zygote()
                self.finish()
            elif self.zygote is None:
                self.end_stopped_or(self.load)
            elif not self.zygote.is_ready:
                if not job.is_stopping:
                    return
                self.finish()
            elif not job.is_planned:
                job.is_planned = True
                self.zygote.is_used = True
                self.packets = self.list(job) if job.word == "list" else self.plan(job)
            elif job.word == "list" or not job.left:
                if self.generation is not None and not self.generation.is_kept:
                    return
                self.finish()
            elif self.generation is not None and not self.generation.is_kept:
                return
            else:
                self.end_stopped_or(self.launch)

    def end_stopped_or(self, step):
        if self.job.is_stopping:
            self.finish()
        else:
            step()

    def finish(self):
        job, self.job = self.job, None
        if job.word == "run" and job.left is None:
            # It was stopped before the tests were loaded.
            self.done(job, job.ids)
        else:
            self.done(job, job.left)

    def broken(self, zygote, is_wanted):
        for name, text in zygote.broken.items():
            if is_wanted(name):
                test_id = f"{clean(name)}::(load)"
                file_name, tags = "traceback", ()
                if name in self.crashed:
                    file_name, tags = "worker", ("lost",)
                yield self.verdict(test_id, tags, text, file_name, False)

    def list(self, job):
        zygote = self.zygote
        self.is_watching = self.is_watching or WATCH in job.tags
        paths = {os.path.abspath(line) for line in job.lines}
        prefixes = tuple(job.lines)

        def is_wanted(name, sources):
            return not prefixes or name.startswith(prefixes) or any(
                os.path.abspath(it) in paths for it in sources if it is not None
            )

        def is_broken(name):
            return is_wanted(name, likely_files(name, zygote.scripts))

        yield from self.broken(zygote, is_broken)
        for name, source in zygote.tests.items():
            if is_wanted(name, (source,)):
                job.ran += 1
                yield Packet("exists", name, runnable=True).encode()

    def plan(self, job):
        """Yields what is known before tests run, and sets what is left."""
        zygote = self.zygote
        if job.timeout is None:
            job.timeout = self.options.timeout
        is_all = not job.ids
        ids = list(zygote.tests) if is_all else job.ids
        job.left = dict.fromkeys(ids)
        owners = {}
        for name in ids:
            if name not in zygote.tests:
                owners[name] = next(
                    (it for it in zygote.broken if name.startswith(f"{it}.")), None
                )
        touched = set(owners.values())
        # An id that nobody knows may be of any module that did not load.
        is_any = is_all or None in touched
        yield from self.broken(zygote, lambda name: is_any or name in touched)
        for name, owner in owners.items():
            if job.is_stopping:
                return
            del job.left[name]
            job.ran += 1
            if owner is None:
                text = "There is no test with this id here"
                yield self.verdict(name, ("unknown",), text)
            else:
                text = f"{owner} could not be imported"
                yield self.verdict(name, ("lost", "unstarted"), text)

    # Zygotes

    def load(self):
        self.zygote = Zygote(self.options, self.crashed)
        self.loading_left = self.options.load_timeout or None

    def drop_zygote(self, changed=()):
        """Ends it, so that the next command starts from fresh code."""
        self.end_generation()
        if self.zygote is not None:
            self.zygote.end()
            self.zygote = None
        self.crashed = {}
        self.was_suspect = False
        for path in changed:
            # A bytecode file knows the second of its source, not more.
            try:
                os.unlink(importlib.util.cache_from_source(path))
            except (OSError, ValueError, NotImplementedError):
                pass

    def refresh(self):
        """Ends a zygote whose code is not what is on disk."""
        zygote = self.zygote
        if zygote is None or not zygote.is_ready:
            return
        changed = zygote.changed()
        if changed:
            self.report(changed)
            self.drop_zygote(changed)
        elif zygote.is_used and zygote.broken.keys() - self.crashed.keys():
            # What was missing may be there now, at a place that nobody watches.
            crashed = self.crashed
            self.drop_zygote()
            self.crashed = crashed

    def report(self, edited):
        """Reports edits; where they are watched, once, and with what they affect."""
        if self.is_watching:
            edited = set(edited) - self.reported
            self.reported |= edited
            edited = edited and with_importers(edited, self.zygote.modules)
        if edited:
            self.reply("changed", {"files": sorted(map(clean, edited))})

    def look(self):
        """Looks for edits, from time to time.

        They are reported when another look finds them the same: a file that is
        being saved can be empty, or half of it.
        """
        now = time.monotonic()
        if now - self.looked < LOOK_SECONDS:
            return
        self.looked = now
        zygote = self.zygote
        if zygote is None or not zygote.is_ready:
            return
        was = self.edited
        self.edited = {path: stamp(path) for path in (*zygote.changed(), *zygote.mended())}
        if self.edited == was:
            self.report(self.edited)

    def read_zygote(self):
        zygote = self.zygote
        try:
            messages = zygote.link.receive()
        except ConnectionError:
            messages = None
        if messages is None:
            self.zygote_ended()
            return
        for message in messages:
            if "loading" in message:
                zygote.loading = message["loading"]
                self.loading_left = self.options.load_timeout or None
            elif "tests" in message:
                zygote.loaded(message, self.crashed)
                self.reported.clear()
                self.loading_left = None
                self.suspect()
            elif "forked" in message:
                generation = self.generation
                generation.pid = message["forked"]
                generation.started()
                if generation.doom is not None:
                    kill(generation.pid)
                else:
                    generation.tell_plan()
            elif "exited" in message:
                self.generation_ended(message["exited"])

    def suspect(self):
        """Loads once more what was edited while it was loaded."""
        zygote = self.zygote
        edited = [
            path for path, was in zygote.files.items()
            if was is not None and was[0] > zygote.started
        ]
        if edited and not self.was_suspect:
            crashed = self.crashed
            self.drop_zygote(edited)
            self.crashed = crashed
            self.was_suspect = True
            self.load()

    def zygote_ended(self, text=None):
        zygote, self.zygote = self.zygote, None
        status = zygote.end()
        self.loading_left = None
        if zygote.is_ready:
            if self.generation is not None:
                became = self.generation.pid == zygote.pid
                if self.generation.pid:
                    kill(self.generation.pid)
                self.generation.started()
                self.generation_ended(status if became else None)
            return
        text = text or f"The process that imported it {describe(status)}"
        if zygote.loading is not None and zygote.loading not in self.crashed:
            self.crashed[zygote.loading] = text
        else:
            for name in self.options.names:
                self.crashed.setdefault(name, text)
        if self.job is not None:
            self.load()

    # Generations

    def launch(self):
        job = self.job
        generation = self.generation
        if generation is not None and not job.keeps:
            self.end_generation()
            generation = None
        if generation is None:
            become = self.zygote.has_threads
            generation = self.generation = Generation()
            waits = self.on_ask() == "wait"
            try:
                self.zygote.link.send(
                    {"become": become, "waits": waits}, generation.theirs
                )
            except OSError:
                # It has ended; reading from it will tell.
                pass
        generation.is_kept = generation.is_done = generation.has_progress = False
        self.reset_clock()
        plan = {"ids": list(job.left), "keep": job.keeps}
        generation.plan = json.dumps(plan).encode()
        if generation.pid is not None:
            generation.tell_plan()

    def on_ask(self):
        return "wait" if self.job.is_debug else self.options.on_ask

    def reset_clock(self):
        has_clock = self.job is not None and self.job.timeout and not self.job.is_debug
        self.generation.left = self.job.timeout if has_clock else None

    def doom(self, text):
        """Kills a generation; what it was doing is blamed with this text."""
        generation = self.generation
        if generation.doom is None:
            generation.doom = text
        if generation.pid:
            kill(generation.pid)

    def end_generation(self):
        """Ends one that is kept and has nothing to do."""
        generation = self.generation
        if generation is None:
            return
        if generation.pid:
            kill(generation.pid)
        while self.generation is generation and self.zygote is not None:
            self.read_zygote()

    def read_results(self):
        """Takes what a generation reports; returns whether there was anything."""
        generation = self.generation
        try:
            data = os.read(generation.results, 1 << 16)
        except BlockingIOError:
            return False
        if not data:
            generation.closed.add(generation.results)
            return False
        self.take(generation.reader.feed(data))
        return True

    def take(self, items):
        generation = self.generation
        for item in items:
            if isinstance(item, bytes):
                self.file(generation.test, "stdout", item)
            elif item.mime == CONTROL_TYPE:
                self.notice(item.name, item.body)
            elif item.status is None or item.parent is not None:
                self.out += item.raw
            else:
                self.take_status(item)

    def take_status(self, packet):
        generation, job = self.generation, self.job
        generation.has_progress = True
        name = packet.test_id
        if packet.status == "inprogress":
            generation.tests.append(name)
            self.reset_clock()
        elif packet.status != "exists":
            if name in generation.tests:
                generation.tests.remove(name)
            self.reset_clock()
            if job is not None and job.left and name in job.left:
                del job.left[name]
                job.ran += 1
                if self.zygote is not None and self.zygote.is_edited(name):
                    packet.tags = [*packet.tags, "stale"]
                    packet.raw = packet.encode()
        self.out += packet.raw

    def notice(self, word, body):
        generation = self.generation
        if word == "fence":
            self.read_outputs()
            generation.tell(b"a", int(body))
        elif word == "ask":
            question = json.loads(body.decode())
            generation.asking = question.pop("number")
            self.asked(question)
        elif word == "unask":
            if generation.asking == int(body):
                generation.asking = None
        elif word == "unit":
            generation.is_done = True
            if body == b"keep":
                generation.is_kept = True
                generation.left = None

    def asked(self, question):
        generation = self.generation
        if self.answer_question():
            return
        if self.is_quitting or self.on_ask() == "eof":
            generation.answer(b"e")
        elif self.on_ask() == "fail":
            prompt = json.dumps(question["prompt"])
            self.doom(f"The test asked {prompt}, and nobody may be asked")
        else:
            self.reply("ask", question)

    def read_outputs(self):
        """Takes what was written to the descriptors 1 and 2 until now."""
        generation = self.generation
        outputs = ((generation.out, "stdout"), (generation.err, "stderr"))
        # Both are counted first: once they are empty, the next test may begin.
        for fd, name, waiting in [(*it, unread(it[0])) for it in outputs]:
            while waiting:
                data = os.read(fd, waiting)
                waiting -= len(data)
                self.file(generation.test, name, data)

    def generation_ended(self, status):
        generation, job = self.generation, self.job
        while self.read_results():
            pass
        self.take(generation.reader.end())
        self.read_outputs()
        self.generation = None
        generation.close()
        if job is None or generation.is_kept:
            return
        text = generation.doom or f"The process of the test {describe(status)}"
        blamed = [it for it in generation.tests if it in job.left]
        if blamed:
            for name in blamed:
                self.blame(name, ("lost",), text)
        elif status is None and not generation.has_progress and job.lives > 0:
            # It ended with its zygote, before or while it was forked: the tests
            # had no part in that.
            job.lives -= 1
        elif job.left and not job.is_stopping and not generation.has_progress:
            # Nothing was started: blame the module that is first, and go on
            # with the others.
            tests = self.zygote.tests if self.zygote else {}
            first = next(iter(job.left))
            source = tests.get(first)
            for name in [it for it in job.left if tests.get(it) == source]:
                self.blame(name, ("lost", "unstarted"), f"{text} before any test")
        elif not job.left and not generation.is_done:
            module = self.last_module(job)
            self.out += self.verdict(f"{module}::(exit)", ("lost",), text, runnable=False)

    def last_module(self, job):
        return job.ids[-1].rpartition(".")[0] if job.ids else "unit"

    # The loop

    def tick(self, seconds, counted):
        """Counts down for a generation that did not wait for others."""
        if self.loading_left is not None:
            self.loading_left -= seconds
            if self.loading_left <= 0:
                limit = self.options.load_timeout
                self.zygote_ended(f"Importing took more than {limit:g} s")
        generation = self.generation
        if generation is not counted or generation is None or generation.left is None:
            return
        generation.left -= seconds
        if generation.left <= 0:
            generation.left = None
            self.doom(f"timeout after {self.job.timeout:g} s")

    def wait(self):
        wanted = {}
        generation, zygote = self.generation, self.zygote
        # Without anything to write, it still notices that nobody reads.
        wanted[self.output] = select.POLLOUT if self.out else 0
        if not self.has_no_input and len(self.out) < TOO_MUCH_OUTPUT:
            wanted[self.input] = select.POLLIN
        if zygote is not None:
            wanted[zygote.link.sock.fileno()] = select.POLLIN
        if generation is not None and len(self.out) < MUCH_OUTPUT:
            if generation.pid:
                for fd in (generation.results, generation.out, generation.err):
                    if fd not in generation.closed:
                        wanted[fd] = select.POLLIN
            if generation.typed:
                wanted[generation.stdin] = select.POLLOUT
        limits = [self.loading_left, LOOK_SECONDS if self.is_watching else None]
        counted = generation
        if generation is not None and (
            generation.asking is not None or len(self.out) >= MUCH_OUTPUT
        ):
            counted = None
        if counted is not None:
            limits.append(counted.left)
        if zygote is not None and generation is not None and (
            generation.pid == zygote.pid
        ):
            # What it started may hold the socket open.
            limits.append(0.2)
            reap_group(zygote.pid)
        limits = [max(it, 0) * 1000 + 1 for it in limits if it is not None]
        poller = select.poll()
        for fd, events in wanted.items():
            poller.register(fd, events)
        before = time.monotonic()
        ready = dict(poller.poll(min(limits) if limits else None))
        self.handle(ready, generation, zygote)
        self.tick(time.monotonic() - before, counted)
        if self.is_watching:
            self.look()

    def handle(self, ready, generation, zygote):
        if self.output in ready:
            if self.out and ready[self.output] & select.POLLOUT:
                self.flush_some()
            elif ready[self.output] & (select.POLLERR | select.POLLHUP):
                raise Ended(0)
        if generation is not None and generation is self.generation:
            if generation.results in ready:
                self.read_results()
            elif generation.out in ready or generation.err in ready:
                # What is in these pipes belongs to the test in progress, unless
                # a report is on its way. Small writes become one packet.
                if not is_readable(generation.results, 2):
                    self.read_outputs()
                for fd in (generation.out, generation.err):
                    if ready.get(fd) == select.POLLHUP:
                        generation.closed.add(fd)
            if generation.stdin in ready:
                generation.pump()
        if zygote is not None and zygote is self.zygote:
            if zygote.link.sock.fileno() in ready:
                self.read_zygote()
        if self.input in ready:
            self.read_commands()

    def serve(self):
        body = {"protocol": 1, "engine": "python", "can": [*COMMANDS, WATCH], "pid": os.getpid()}
        self.reply("ready", body)
        while True:
            self.advance()
            if self.is_quitting and self.job is None:
                break
            self.wait()
        while self.out:
            poller = select.poll()
            poller.register(self.output, select.POLLOUT)
            poller.poll()
            self.flush_some()


def parse(args):
    import argparse

    parser = argparse.ArgumentParser(prog="python_worker.py")
    parser.add_argument("--timeout", type=seconds, default=60)
    parser.add_argument("--load-timeout", type=seconds, default=120)
    parser.add_argument("--on-ask", choices=("wait", "eof", "fail"), default="eof")
    parser.add_argument("--eager", action="store_true")
    parser.add_argument("names", nargs="+", metavar="MODULE")
    return parser.parse_args(args)


def main():
    options = parse(sys.argv[1:])
    # Tests have neither the protocol's descriptors nor this file's folder.
    options.own_fds = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (0, 1)]
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    if not sys.flags.isolated and not getattr(sys.flags, "safe_path", False):
        del sys.path[0]
    sys.argv[1:] = []

    def end(signum, _):
        raise Ended(signum)

    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, end)
    worker = Worker(options)
    try:
        worker.serve()
        signum = None
    except Ended as ended:
        signum = ended.args[0]
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signal_number, signal.SIG_IGN)
    if worker.generation is not None and worker.generation.pid:
        kill(worker.generation.pid)
    if worker.zygote is not None:
        worker.zygote.end()
    if signum:
        signal.signal(signum, signal.SIG_DFL)
        os.kill(os.getpid(), signum)
    os._exit(0 if signum is None else 1)


if __name__ == "__main__":
    main()
