"""Commands for child processes that die with this one, by ``lifeline``."""

import os
import sys

from services.processes import lifeline


def guarded_command(*command: str, parent: int | None = None) -> list[str]:
    """Wraps a command in a lifeline. ``parent``: this process, or ``lifeline.SHARED``. Its stdin must be a pipe."""
    return [sys.executable, "-I", "-S", lifeline.__file__, str(os.getpid() if parent is None else parent), *command]


def hallway_command(*arguments: str) -> list[str]:
    """``hallway_command`` with these arguments, under a lifeline."""
    return guarded_command(sys.executable, "-P", "-m", "services.cli.main", *arguments)
