"""Starts Python programs by forking itself, with their modules imported: a start costs a fraction of a new process.

Run with the modules to import as arguments. It reads orders as JSON, one per line, and answers each with a line:
``{"program": "module:function", "arguments": [...], "environment": {...}, "out": file, "err": file}`` -> process id;
``{"poll": id}`` -> exit code (negative: a signal), or null while it runs.
Invariants: it has no thread before it forks, and opens nothing of Hallway's. Its children end with it.
"""

import json
import os
import signal
import sys
import threading
import traceback
from contextlib import suppress
from importlib import import_module
from typing import Any


def run_program(order: dict[str, Any]) -> int:
    """In the fork: the program, its three standard files where the order says."""
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, order["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        (2, order["err"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(order["environment"])
    module, _, function = order["program"].partition(":")
    try:
        return int(getattr(import_module(module), function)(order["arguments"]))
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001  # as at the end of any Python program, but without going on as the parent
        traceback.print_exc()
        return 1


def start(order: dict[str, Any]) -> int:
    """The process id of a new child."""
    pid = os.fork()
    if pid:
        return pid
    code = run_program(order)
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def serve(modules: list[str]) -> None:
    """Until the orders end; then whoever is left is killed."""
    for module in modules:
        import_module(module)
    assert threading.active_count() == 1, "a thread does not survive a fork"
    running: set[int] = set()
    for line in sys.stdin:
        order, answer = json.loads(line), None
        if "program" in order:
            answer = start(order)
            running.add(answer)
        else:
            pid, status = os.waitpid(order["poll"], os.WNOHANG)
            if pid:
                answer = os.waitstatus_to_exitcode(status)
                running.discard(pid)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in running:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    serve(sys.argv[1:])
