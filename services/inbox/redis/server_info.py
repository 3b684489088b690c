"""What a server of our store says of itself, asked without a client library.

Owns: nothing. May never: wait longer than its limit.
"""

import socket
from pathlib import Path

ANSWER_S = 0.5


def asked(path: Path) -> dict[str, str] | None:
    """INFO of the server behind a socket; None where none answers in time."""
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
    return dict(pair for said in body.decode().splitlines() if len(pair := said.split(":", 1)) == 2)
