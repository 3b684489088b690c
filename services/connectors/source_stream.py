"""A bounded WebSocket to a system that a connector reads, by the rules of ``source_client``.

Invariants: it connects where that client may, follows no redirect, uses no proxy of the environment, and unpacks
nothing. At most ``QUEUED_FRAMES`` frames of ``FRAME_BYTES`` wait to be read; then the connection is not read any more,
so the sender has to wait (backpressure). No frame is logged, at whatever level.
"""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from services.connectors.source_client import Address, NoAnswerError, SourceClient, retry_after

FRAME_BYTES = 256 * 1024  # a post with all its metadata is about 2 kB
QUEUED_FRAMES = 256
OPEN_S = 15.0
PING_S = 10.0  # a connection that answers no ping for as long again is closed
_SILENT = logging.Logger("streams", logging.CRITICAL + 1)  # frames have people's texts


class StreamRefusedError(Exception):
    """The other side answered, but opened no stream. ``retry_s``: how long it asks to wait."""

    def __init__(self, status: int, body: bytes, retry_s: float | None) -> None:
        super().__init__(f"It answered with status {status}.")
        self.status, self.body, self.retry_s = status, body, retry_s


class _Connect(connect):
    """Without redirects."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """A redirect is an answer like any other that opens no stream."""
        return exc


@asynccontextmanager
async def open_stream(
    client: SourceClient,
    address: Address,
    path: str,
    subprotocols: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[ClientConnection]:
    """A connection to a path, with its query, below the address. ``headers``: of the handshake, such as a token.
    StreamRefusedError, NoAnswerError."""
    fault = client.refusal(address)
    if fault is not None:
        raise NoAnswerError(fault)
    place = await client.place_of(address)
    is_secure = address.scheme == "https"
    secured: dict[str, Any] = {"ssl": client.trusted, "server_hostname": address.host} if is_secure else {}
    opening = _Connect(
        f"{'wss' if is_secure else 'ws'}://{address.name}{address.path}{path}",
        host=place.strip("[]"),
        port=address.port,
        additional_headers=headers,
        subprotocols=[Subprotocol(each) for each in subprotocols] or None,
        compression=None,
        proxy=None,
        user_agent_header="Hallway",
        open_timeout=OPEN_S,
        ping_interval=PING_S,
        ping_timeout=PING_S,
        close_timeout=1.0,
        max_size=FRAME_BYTES,
        max_queue=QUEUED_FRAMES,
        logger=_SILENT,
        **secured,
    )
    try:
        connection = await opening
    except InvalidStatus as error:
        answer = error.response
        headers = {name.lower(): value for name, value in answer.headers.raw_items()}
        raise StreamRefusedError(answer.status_code, bytes(answer.body or b""), retry_after(headers)) from None
    except TimeoutError:
        raise NoAnswerError("It did not answer in time.") from None
    except (InvalidHandshake, OSError, EOFError):
        raise NoAnswerError("The connection failed.") from None
    try:
        yield connection
    finally:
        await connection.close()
