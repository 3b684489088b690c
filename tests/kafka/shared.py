"""One broker for all processes of a test run: whoever comes first starts it, and it ends with the last one.

The kernel counts: each process holds the writing end of a named pipe open, whose other end the broker's guard reads.
A process that is killed lets go as well, so nothing is left behind.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from services.tools.local_kafka import LocalKafka
from services.tools.local_kafka.status import NodeStatus

_STARTED: list[LocalKafka] = []  # whose process outlives the block in which it was started


@contextmanager
def shared(folder: Path) -> Iterator[NodeStatus]:
    """The broker of this folder, running as long as somebody is in such a block."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "sharing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # waits while another process starts it
        held = _joined(folder)
        if held is None:
            held = _begun(folder)
    try:
        standing = NodeStatus.load(folder)
        assert standing is not None, "started by somebody"
        yield standing
    finally:
        os.close(held)


def _joined(folder: Path) -> int | None:
    """Our hold on a broker that runs; None where none does."""
    try:
        held = os.open(folder / "holders", os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENXIO):  # no pipe yet, or no guard behind it any more
            return None
        raise
    standing = NodeStatus.load(folder)
    if standing is not None and standing.is_running(folder):
        return held
    os.close(held)
    return None


def _begun(folder: Path) -> int:
    with suppress(FileExistsError):
        os.mkfifo(folder / "holders", mode=0o600)
    end = os.open(folder / "holders", os.O_RDONLY | os.O_NONBLOCK)  # without waiting for a holder
    try:
        os.set_blocking(end, True)
        held = os.open(folder / "holders", os.O_WRONLY)
        try:
            kafka = LocalKafka(folder, life=end, brief=True)
            _STARTED.append(kafka)
            kafka.start()
        except BaseException:
            os.close(held)
            raise
        return held
    finally:
        os.close(end)  # the guard's own goes on
