"""Queries INFO from a server on a Unix socket, without a client library."""

import socket
from pathlib import Path

ANSWER_S = 0.5


def query_info(path: Path) -> dict[str, str] | None:
    """INFO of the server behind a socket; None if none answers within ANSWER_S."""
    try:
        with socket.socket(socket.AF_UNIX) as line, line.makefile("rb") as answer:
            line.settimeout(ANSWER_S)
            line.connect(str(path))
            line.sendall(b"INFO server\r\n")
            head = answer.readline()
            if not head.startswith(b"$"):
                return None
            body = answer.read(int(head[1:]))
    except OSError:
        return None
    return dict(pair for text in body.decode().splitlines() if len(pair := text.split(":", 1)) == 2)
