"""Runs a server so that it dies with the process that wanted it, also when that one is killed. A script of its own.

Owns: the tie between the two. May never: import anything of Hallway: it is run by its path, where no package is known.
Theory: on Linux this process asks the kernel for SIGKILL at its parent's death (PR_SET_PDEATHSIG, which outlives exec)
and becomes the server. The kernel means the parent's *thread*: start it from a thread that lives as long as the server
shall. Elsewhere it stays, reads the pipe on its standard input, which ends with whoever holds the other end, and then
kills the server. Doing the first in a fork hook of the parent instead could deadlock a process that has threads.
"""

import ctypes
import os
import platform
import signal
import subprocess
import sys
import threading

_PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> int:
    """Ends with the server, or with its parent, the process ``parent``."""
    if platform.system() == "Linux":
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
