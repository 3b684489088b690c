"""Many streams at once, as bare connections: one session after the other, some streams each.

Why: without a client library, so that the load generator costs little and the server does not seem slow.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.server.process import LIMIT_S

A_SESSION = 6  # the server's bound


@dataclass
class Stream:
    """An open stream."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def until(self, text: bytes) -> bytes:
        """Reads to the end of the text."""
        async with asyncio.timeout(LIMIT_S):
            return await self.reader.readuntil(text)

    async def close(self) -> None:
        """Cuts it off."""
        self.writer.transport.abort()

    async def ended(self) -> None:
        """Reads until the server ends it."""
        async with asyncio.timeout(LIMIT_S):
            while await self.reader.read(65_536):
                pass


async def opened(address: str, session: str, path: str = "/v1/me/stream") -> Stream:
    """A stream that has begun."""
    parts = urlsplit(address)
    async with asyncio.timeout(LIMIT_S):
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"GET {path} HTTP/1.1\r\nhost: {parts.netloc}\r\ncookie: hallway_session={session}\r\n\r\n"
    writer.write(head.encode())
    stream = Stream(reader, writer)
    status = await stream.until(b"\r\n")
    assert b" 200 " in status, status
    await stream.until(b"retry: ")
    return stream


async def all_opened(address: str, sessions: Sequence[str], each: int = A_SESSION) -> list[Stream]:
    """``each`` streams of every session."""
    return await asyncio.gather(*[opened(address, session) for session in sessions for _ in range(each)])
