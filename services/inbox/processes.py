"""Processes of servers: whether one runs with our configuration, what it says of itself, and its end.

Owns: nothing. May never: signal a process that does not prove by its command line to be the one that is meant: process
ids are used again.
"""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ANSWER_S = 0.5
STOP_S = 3.0
POLL_S = 0.01


def asked(path: Path) -> dict[str, str] | None:
    """INFO of the server behind a socket; None where none answers in time."""
    try:
        with socket.socket(socket.AF_UNIX) as line, line.makefile("rb") as answer:
            line.settimeout(ANSWER_S)
            line.connect(str(path))
            line.sendall(b"INFO server\r\n")
            head = answer.readline()
            if not head.startswith(b"$"):
                return None
            body = answer.read(int(head[1:]))
    except OSError:
        return None
    return dict(pair for said in body.decode().splitlines() if len(pair := said.split(":", 1)) == 2)


def written_pid(path: Path) -> int | None:
    """The process id in a pid file, if there is one."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def runs(pid: int, config: Path) -> bool:
    """Whether this process is a server that was started with this configuration (a zombie is none)."""
    proc = Path("/proc") / str(pid) / "cmdline"
    if proc.parent.parent.joinpath("self").exists():
        try:
            return str(config).encode() in proc.read_bytes().split(b"\0")
        except OSError:
            return False
    found = subprocess.run(  # noqa: S603 - fixed command, a number
        ["/bin/ps", "-ww", "-o", "stat=,args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return str(config) in found.stdout and not found.stdout.lstrip().startswith("Z")


async def kill(pid: int, config: Path) -> bool:
    """Ends the server with this configuration at once; whether it is gone."""
    if not runs(pid, config):
        return True
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return await _gone(lambda: not runs(pid, config))


async def end(process: subprocess.Popen[bytes]) -> None:
    """Ends our own child, politely first, and closes its standard input."""
    process.terminate()
    if not await _gone(lambda: process.poll() is not None):
        process.kill()
        await _gone(lambda: process.poll() is not None)
    close(process)


def close(process: subprocess.Popen[bytes]) -> None:
    """Closes our end of its standard input."""
    assert process.stdin is not None, "started with a pipe"
    process.stdin.close()


async def _gone(is_gone: Callable[[], bool]) -> bool:
    for _ in range(round(STOP_S / POLL_S)):
        if is_gone():
            return True
        await asyncio.sleep(POLL_S)
    return is_gone()
