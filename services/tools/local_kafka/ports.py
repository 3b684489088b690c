"""Free ports of this machine, outside of the range for outgoing connections.

Why: a client that keeps reconnecting to a port of the outgoing range while its server is down eventually connects to
itself, and the server cannot bind the port again.
"""

import secrets
import socket
import time
from contextlib import closing

HOST = "127.0.0.1"
_FIRST, _LAST = 20_000, 32_000  # below the outgoing range of Linux (32768) and macOS (49152)
_TRIES = 200
_POLL_S = 0.02


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with closing(socket.socket()) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server will: what lingers is no hindrance
        try:
            line.bind((HOST, port))
        except OSError:
            return False
        return True


def free_within(port: int, limit_s: float) -> bool:
    """Whether a port is free, or becomes free in time. Blocks."""
    end = time.monotonic() + limit_s
    while not is_free(port):
        if time.monotonic() >= end:
            return False
        time.sleep(_POLL_S)
    return True


def free() -> int:
    """A free port, by chance."""
    for _ in range(_TRIES):
        port = _FIRST + secrets.randbelow(_LAST - _FIRST)
        if is_free(port):
            return port
    raise OSError(f"no free port from {_FIRST} to {_LAST}")
