"""A bare HTTP connection for measuring: requests one after the other, answers read whole.

Owns: the connection. May never: cost the server's time that a client library would cost on the same machine.
"""

import asyncio
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

LIMIT_S = 30.0


@dataclass
class Line:
    """Kept alive between requests."""

    host: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def to(cls, address: str) -> Self:
        """Connects."""
        parts = urlsplit(address)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        return cls(parts.netloc, reader, writer)

    async def post(self, path: str, body: bytes = b"", key: str = "") -> bytes:
        """The answer's body, which must be good."""
        head = f"POST {path} HTTP/1.1\r\nhost: {self.host}\r\ncontent-length: {len(body)}\r\n"
        head += "content-type: application/x-ndjson\r\n" + (f"authorization: Bearer {key}\r\n" if key else "")
        self.writer.write(f"{head}\r\n".encode() + body)
        async with asyncio.timeout(LIMIT_S):
            said = (await self.reader.readuntil(b"\r\n\r\n")).lower()
            length = int(said.partition(b"content-length:")[2].partition(b"\r\n")[0])
            answer = await self.reader.readexactly(length)
        assert b" 200 " in said.partition(b"\r\n")[0], answer
        return answer

    def close(self) -> None:
        """Ends it."""
        self.writer.close()
