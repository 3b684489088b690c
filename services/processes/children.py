"""Commands for child processes that die with this one.

Owns: how ``guard`` is called, and Hallway's own command as a child. May never: start one.
"""

import os
import sys

from services.processes import guard


def guarded(*command: str, parent: int | None = None) -> list[str]:
    """The command, under a guard. ``parent``: this process, or ``guard.SHARED``. Its standard input must be a pipe."""
    return [sys.executable, "-I", "-S", guard.__file__, str(os.getpid() if parent is None else parent), *command]


def hallway(*arguments: str) -> list[str]:
    """``hallway`` with these arguments, under a guard."""
    return guarded(sys.executable, "-P", "-m", "services.cli", *arguments)
