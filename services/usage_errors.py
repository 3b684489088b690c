"""The error for what a user can fix: a wrong argument, unreadable input.

Invariants: it ends a command with exit code 2 and one sentence. A broken invariant is a crash, never this error.
"""

UNUSABLE = 2  # the exit code in the contract
INTERRUPTED = 130  # what a shell expects after Ctrl-C


class UnusableError(Exception):
    """Its text says what is wrong, and what to do next."""
