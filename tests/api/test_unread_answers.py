"""Clients that ask and do not read: their lines end. Those that read slowly get all that they asked for.

The attack: whoever asked for the API's description sixty times and read nothing held a line for ever; ten thousand such
lines, by anybody at all, are all that there are.
"""

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.api.people import LIMIT_S, Server, until

ASKED = b"GET /schema/openapi.json HTTP/1.1\r\nhost: a\r\n\r\n"
SEND_S = 0.5


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path, bounds={"send_s": SEND_S, "idle_s": 1, "head_s": 30.0}) as found:
        yield found


def lines(server: Server) -> int:
    """How many sockets the server has."""
    assert server.process is not None
    folder = Path(f"/proc/{server.process.pid}/fd")
    count = 0
    for each in folder.iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            count += str(each.readlink()).startswith("socket")
    return count


def asking(server: Server, times: int) -> socket.socket:
    """With a small window, so that the rest waits on the server's side."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    line.settimeout(LIMIT_S)
    line.connect(("127.0.0.1", server.port))
    line.sendall(ASKED * times)
    return line


def test_a_line_on_which_nothing_is_read_ends(server: Server) -> None:
    before = lines(server)
    held = [asking(server, 60) for _ in range(10)]
    until(lambda: lines(server) == before + 10)
    until(lambda: lines(server) == before)
    for line in held:
        line.close()


def test_who_reads_slowly_gets_it_all(server: Server) -> None:
    with asking(server, 20) as line:
        got = bytearray()
        while got.count(b"HTTP/1.1 200") < 20:  # a heading may come in two parts
            part = line.recv(1 << 16)
            assert part, f"it ended after {len(got):,} bytes"
            got += part
