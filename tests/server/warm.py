"""Starts the command ``hallway`` by forking itself, with its modules imported: a start costs a tenth of a new process.

It reads orders as JSON, one per line, and answers each with a line:
``{"start": [arguments], "out": file, "err": file}`` -> process id; ``{"wait": id}`` -> exit code (negative: a signal).
Invariants: it has no thread before it forks, and opens nothing of Hallway's. Its children end with it.
"""

import json
import os
import signal
import sys
import traceback
from contextlib import suppress
from typing import Any

import services.server.composition  # noqa: F401  # imported once for all children; ``serve`` itself imports it late
from services.cli.main import main


def child(order: dict[str, Any]) -> int:
    """In the fork: the command, its three standard files where the order says."""
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, order["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        (2, order["err"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ):
        os.dup2(os.open(path, flags, 0o600), number)
    try:
        return main(order["start"])
    except BaseException:  # noqa: BLE001  # as at the end of any Python program, but without going on as the parent
        traceback.print_exc()
        return 1


def started(order: dict[str, Any]) -> int:
    """The process id of a new child."""
    pid = os.fork()
    if pid:
        return pid
    code = child(order)
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def run() -> None:
    """Until the orders end; then whoever is left is killed."""
    running: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "start" in order:
            answer = started(order)
            running.add(answer)
        else:
            answer = os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1])
            running.discard(order["wait"])
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    for pid in running:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    run()
