"""Runs a server so that it dies with its owner, even if that is killed. A script of its own.

Invariants: it imports nothing of Hallway: it is run by its path, without packages.
Why: on Linux this process asks the kernel for SIGKILL at its parent's death (PR_SET_PDEATHSIG, which survives exec) and
becomes the server. The kernel means the parent's *thread*: start it from a thread that lives as long as the server.
Elsewhere, and where several processes share a server (``parent`` 0), it stays, reads the pipe on its standard input,
which closes with the last holder of the other end, and then kills the server. Doing the first in a fork hook of the
parent instead could deadlock a process with threads.
"""

import ctypes
import os
import platform
import signal
import subprocess
import sys
import threading

_PR_SET_PDEATHSIG = 1
SHARED = 0  # no parent to die with: whoever holds the pipe


def main(parent: int, command: list[str]) -> int:
    """Ends with the server, or with its parent, the process ``parent`` (``SHARED``: with the last holder of stdin)."""
    if platform.system() == "Linux":
        if parent == SHARED:  # the server in its turn dies with this process
            return _watch([sys.executable, "-I", "-S", __file__, str(os.getpid()), *command])
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            return 1  # the parent died before the kernel knew
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    return _watch(command)


def _watch(command: list[str]) -> int:
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - the command is our parent's
    signal.signal(signal.SIGTERM, lambda number, frame: server.terminate())

    def end_with_parent() -> None:
        while os.read(0, 1):
            pass
        server.kill()

    threading.Thread(target=end_with_parent, daemon=True).start()
    return server.wait()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
