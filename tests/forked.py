"""Processes that a fork server started: real processes, with the interface of ``subprocess.Popen``.

Why: importing the server takes three quarters of its start, and the tests start it some hundred times. A fork has the
same modules imported and nothing else; how a new interpreter starts is for the tests of the command line and the docs.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMAND = ("services.server.composition", "services.cli.main")
SERVER = (*COMMAND, "tests.api.child")
WORKER = ("services.worker.composition", "services.cli.main")
_POLL_S = 0.005


class Forked:
    """A process. ``returncode`` is None until ``poll`` or ``wait`` found that it has ended."""

    def __init__(self, server: "ForkServer", pid: int) -> None:
        self._server, self.pid = server, pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, negative after a signal; None while it runs."""
        if self.returncode is None:
            self.returncode = self._server.order(poll=self.pid)
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Its exit code, once it has ended. ``subprocess.TimeoutExpired``."""
        end = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(_POLL_S)
        return code

    def send_signal(self, number: int) -> None:
        """Nothing where it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """``kill -9``."""
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """A process with these modules imported, which starts the others. Threads may share it."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fork_server", *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    @property
    def pid(self) -> int:
        """Its process id; its children inherit its bounds."""
        return self._process.pid

    def start(self, program: str, arguments: Sequence[str], out: Path, err: Path) -> Forked:
        """Starts ``module:function`` with these arguments, and appends its output to these files."""
        files = {"out": str(out.absolute()), "err": str(err.absolute())}
        pid = self.order(program=program, arguments=list(arguments), environment=dict(os.environ), **files)
        assert pid is not None
        return Forked(self, pid)

    def order(self, **order: object) -> int | None:
        """One answer for one order."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            answer: int | None = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """Ends it, and all that it started."""
        self._process.communicate()


@cache
def fork_server(modules: Sequence[str]) -> ForkServer:
    """The run's own one with these modules; it ends with the run."""
    made = ForkServer(modules)
    atexit.register(made.close)
    return made
