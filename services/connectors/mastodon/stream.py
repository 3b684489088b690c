"""One server's stream of hashtags: a WebSocket, whose frames are statuses, edits and deletions.

Invariants: the token is in a header, never in an address. A frame that cannot be read stops nothing, and none of its
bytes is kept: half a frame may have half of somebody's text.
Why a WebSocket and not server-sent events: one connection carries all hashtags of a server, Pleroma, Akkoma and
GoToSocial have no other stream, and pings tell a quiet connection from a dead one. The first hashtag is in the address,
for servers that know no subscriptions.
Source: docs.joinmastodon.org/methods/streaming.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from services.connectors.mastodon.client import MastodonClient
from services.connectors.mastodon.statuses import Status, UnreadableStatusError, read_status
from services.connectors.port import MOST_ITEMS, SourceUnavailableError
from services.connectors.source_client import NoAnswerError
from services.connectors.source_stream import StreamRefusedError, open_stream

PART_S = 0.2  # of frames at once: the lag that batches cost
_POSTED = frozenset({"update", "status.update"})


class StreamUnavailableError(SourceUnavailableError):
    """There is no stream, or not now. ``status``: of the answer that opened none; 0: there was no answer."""

    def __init__(self, text: str, retry_s: float | None = None, status: int = 0) -> None:
        super().__init__(text, retry_s)
        self.status = status


class Deleted(Struct, frozen=True):
    """A status was deleted. ``id``: this server's."""

    id: str


class Part(Struct, frozen=True):
    """What came. ``unreadable``: why frames were none. ``has_ended``: the stream has ended after it."""

    frames: tuple[Status | Deleted, ...] = ()
    unreadable: tuple[str, ...] = ()
    has_ended: bool = False


class _Frame(Struct):
    event: str = ""
    payload: str | int | None = None


_DECODER = msgspec.json.Decoder(_Frame)


class Stream:
    """An open stream."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def read(self, wait_s: float) -> Part:
        """What comes, after waiting so long for the first frame."""
        loop, frames, unreadable = asyncio.get_running_loop(), list[Status | Deleted](), list[str]()
        until, is_first, has_ended = loop.time() + wait_s, True, False
        try:
            while len(frames) + len(unreadable) < MOST_ITEMS - 1:  # the last item is for frames that cannot be read
                async with asyncio.timeout_at(until):
                    data = await self._connection.recv(decode=False)
                if is_first:
                    until, is_first = loop.time() + PART_S, False
                try:
                    frames += _read_frame(data)
                except UnreadableStatusError as error:
                    unreadable.append(str(error))
        except TimeoutError:
            pass  # what came until then is a part
        except ConnectionClosed:
            has_ended = True
        return Part(tuple(frames), tuple(unreadable), has_ended)


def _read_frame(data: bytes) -> list[Status | Deleted]:
    """What a frame says; nothing where it is of another kind. UnreadableStatusError."""
    try:
        frame = _DECODER.decode(data)
    except msgspec.ValidationError:
        raise UnreadableStatusError("It has another form than expected.") from None
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise UnreadableStatusError("It is no JSON.") from None
    if frame.event == "delete" and frame.payload is not None:
        return [Deleted(str(frame.payload))]
    if frame.event in _POSTED and isinstance(frame.payload, str):
        return [read_status(frame.payload)]
    return []


@asynccontextmanager
async def open_tags(client: MastodonClient, tags: Sequence[str]) -> AsyncIterator[Stream]:
    """A stream of all these hashtags. StreamUnavailableError, and what asking for its address raises."""
    address = await client.stream_address()
    path = f"/api/v1/streaming?{urlencode({'stream': 'hashtag', 'tag': tags[0]})}"
    opening = open_stream(client.source, address, path, headers=client.headers)
    try:
        connection = await opening.__aenter__()
    except StreamRefusedError as error:
        text = f"{client.name} offers no stream to this token (status {error.status})."
        raise StreamUnavailableError(text, error.retry_s, error.status) from None
    except NoAnswerError as error:
        raise StreamUnavailableError(f"The stream of {client.name} cannot be reached. {error}") from None
    try:
        for tag in tags[1:]:
            await connection.send(_subscription(tag))
        yield Stream(connection)
    except ConnectionClosed:
        raise StreamUnavailableError(f"The stream of {client.name} closed the connection.") from None
    finally:
        await opening.__aexit__(None, None, None)


def _subscription(tag: str) -> str:
    return msgspec.json.encode({"type": "subscribe", "stream": "hashtag", "tag": tag}).decode()
