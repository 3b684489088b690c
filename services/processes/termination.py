"""Stops server processes, after checking that they run with our configuration.

Invariants: it only signals a process whose command line proves that it is the one, because pids are reused.
"""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

STOP_S = 3.0
POLL_S = 0.01


def read_pid(path: Path) -> int | None:
    """Reads the process id from a pid file; None if there is none."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def is_running(pid: int, config: Path) -> bool:
    """Whether the process is a server with this configuration (a zombie is not)."""
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
    """Kills the server with this configuration; returns whether it has ended."""
    if not is_running(pid, config):
        return True
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return await _wait_until_gone(lambda: not is_running(pid, config))


async def end(process: subprocess.Popen[bytes]) -> None:
    """Stops our own child, first by SIGTERM, and closes its standard input."""
    process.terminate()
    if not await _wait_until_gone(lambda: process.poll() is not None):
        process.kill()
        await _wait_until_gone(lambda: process.poll() is not None)
    close(process)


def close(process: subprocess.Popen[bytes]) -> None:
    """Closes our end of its standard input."""
    assert process.stdin is not None, "started with a pipe"
    process.stdin.close()


async def _wait_until_gone(is_gone: Callable[[], bool]) -> bool:
    for _ in range(round(STOP_S / POLL_S)):
        if is_gone():
            return True
        await asyncio.sleep(POLL_S)
    return is_gone()


def end_process(pid: int, config: Path, limit_s: float) -> bool:
    """Stops a server that is not our child: by SIGTERM, then SIGKILL; returns whether it has ended. Blocks."""
    for number, wait_s in ((signal.SIGTERM, limit_s), (signal.SIGKILL, STOP_S)):
        if not is_running(pid, config):
            return True
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        end = time.monotonic() + wait_s
        while is_running(pid, config) and time.monotonic() < end:
            time.sleep(POLL_S)
    return not is_running(pid, config)
