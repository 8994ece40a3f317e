"""Run a command, read its descriptors slowly, and exit as it does.

slow_reader.py DIRECTORY MODE DESCRIPTORS COMMAND...

Each of DESCRIPTORS ("1,2") is a pipe of the command's own, whose write end
blocks or not, as MODE says. Nothing is read from it before it is full, or the
command has ended. What came is the file DIRECTORY/DESCRIPTOR; how often a
descriptor was full is DIRECTORY/DESCRIPTOR.full.
"""

import fcntl
import os
import random
import select
import sys
import time

directory, mode, numbers, *command = sys.argv[1:]
descriptors = [int(number) for number in numbers.split(",")]
choice = random.Random(20130301)


def away(descriptor):
    """Move a descriptor to where the command's own are not."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD, 100)
    os.close(descriptor)
    return moved


pipes = {d: tuple(map(away, os.pipe())) for d in descriptors}
for read_end, write_end in pipes.values():
    os.set_blocking(read_end, False)
    os.set_blocking(write_end, mode == "blocking")

child = os.fork()
if child == 0:
    for descriptor, (_, write_end) in pipes.items():
        os.dup2(write_end, descriptor)
    os.execvp(command[0], command)

poll = select.poll()
for _, write_end in pipes.values():
    poll.register(write_end, select.POLLOUT)
output = {d: open(f"{directory}/{d}", "wb") for d in descriptors}
full = dict.fromkeys(descriptors, 0)


def read(descriptor, most):
    try:
        return output[descriptor].write(os.read(pipes[descriptor][0], most))
    except BlockingIOError:
        return 0


status = None
while status is None:
    writable = [write_end for write_end, _ in poll.poll(0)]
    for descriptor, (_, write_end) in pipes.items():
        if write_end not in writable:
            full[descriptor] += 1
            read(descriptor, choice.choice([1, 100, 5000, 20000, 60000]))
    if len(writable) == len(pipes):
        time.sleep(0.001)
    ended, code = os.waitpid(child, os.WNOHANG)
    if ended:
        status = os.waitstatus_to_exitcode(code)
for descriptor in descriptors:
    while read(descriptor, 1 << 20):
        pass
    output[descriptor].close()
    with open(f"{directory}/{descriptor}.full", "w") as file:
        file.write(str(full[descriptor]))
sys.exit(status if status >= 0 else 128 - status)
