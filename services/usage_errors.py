"""What a user can set right: a wrong argument, an input that cannot be read.

Owns: the one exception that ends a command with exit code 2 and a plain sentence. May never: stand for a broken
invariant; that is a crash.
"""

UNUSABLE = 2  # the exit code of the contract
INTERRUPTED = 130  # what a shell expects after Ctrl-C


class UnusableError(Exception):
    """Says what is wrong, and what to do next."""
