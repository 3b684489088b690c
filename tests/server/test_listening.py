"""The listening socket: what comes in on it is answered at once."""

import asyncio
import socket
from pathlib import Path

from services.server.composition import Settings, bind_socket

LIMIT_S = 10.0


def test_an_answer_in_two_parts_is_not_held_back(tmp_path: Path) -> None:
    """Nagle's algorithm and a client's delayed acknowledgement made each answer 40 ms late."""

    async def run() -> int:
        found = asyncio.get_running_loop().create_future()

        async def came(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            line = writer.get_extra_info("socket")
            found.set_result(line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        sock = bind_socket(Settings(data=tmp_path, port=0))
        async with asyncio.timeout(LIMIT_S), await asyncio.start_server(came, sock=sock):
            _, writer = await asyncio.open_connection(*sock.getsockname())
            given: int = await found
            writer.close()
            return given

    assert asyncio.run(run())
