"""Server-sent events: a streaming response that ends when the client disconnects, and the registry of open streams.

Responsibility: the limits on open streams, and ending them.
Invariants: backpressure: the next entry is read after the client has taken the last one. A stream does not outlive its
client, its session or the server.
Why: each stream has two tasks, one that writes and one that waits for the disconnect; whichever ends first ends the
other. Litestar's own streams leak (its issues 3772, 4871).
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from functools import partial
from typing import Any

from litestar import Request, Response
from litestar.response.base import ASGIResponse
from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent, Receive, Scope, Send
from msgspec import Struct

from services.api.shared.bounds import Bounds
from services.api.shared.problems import MEDIA_TYPE, ProblemError, response
from services.api.shared.stream_notices import StreamNotices

Chunks = Callable[[], AsyncGenerator[bytes, None]]
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class StreamOwner(Struct, frozen=True):
    """The owner of a stream: a key or session, the conference, and for an attendee's stream the attendee."""

    grant: str
    conference: str = ""
    attendee: str = ""


def _shares(owner: StreamOwner) -> tuple[tuple[str, ...], ...]:
    """The limits that a stream counts towards: its key or session, its person, its conference."""
    return ("grant", owner.grant), ("person", owner.conference, owner.attendee), ("conference", owner.conference)


def chunk(event: str, data: bytes, cursor: int | None = None) -> bytes:
    """One server-sent event. ``data`` is one line; ``cursor`` belongs to the owner's inbox."""
    head = "" if cursor is None else f"id: {cursor}\n"
    return f"{head}event: {event}\ndata: ".encode() + data + b"\n\n"


# An event and not a comment: browsers hide comments from the page, which could not tell a quiet stream from a dead one.
BEAT = chunk("beat", b"{}")


class StreamRegistry:
    """The open streams by owner."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.opened = 0  # streams since the start
        self._open: dict[StreamOwner, dict[asyncio.Task[None], StreamNotices]] = {}
        self._of: Counter[tuple[str, ...]] = Counter()
        self._count = 0
        self._closed = False

    def __len__(self) -> int:
        return self._count

    def refusal(self, owner: StreamOwner) -> ProblemError | None:
        """Why this owner may not open another stream; None where they may."""
        if self._closed:
            return ProblemError(503, "stopping", "Hallway is stopping. Reconnect in a moment.", retry_s=2)
        session, person, conference = (self._of[share] for share in _shares(owner))
        if session >= self.bounds.streams_a_session:
            detail = f"This session has {session} streams open. Close one, or share one among tabs."
            return ProblemError(429, "streams", detail, retry_s=5)
        if owner.attendee and person >= self.bounds.streams_an_attendee:
            detail = f"You have {person} streams open on all your devices. Close Hallway on one of them."
            return ProblemError(429, "streams", detail, retry_s=5)
        if len(self) >= self.bounds.streams or conference >= self.bounds.streams_a_conference:
            return ProblemError(503, "busy", "Too many streams are open. Try again in a moment.", retry_s=10)
        return None

    def add(self, owner: StreamOwner, writer: asyncio.Task[None], notices: StreamNotices) -> None:
        """Registers a stream until its writer ends."""
        self._open.setdefault(owner, {})[writer] = notices
        self.opened += 1
        self._of.update(_shares(owner))
        self._count += 1
        writer.add_done_callback(lambda done: self._remove(owner, done))

    def _remove(self, owner: StreamOwner, writer: asyncio.Task[None]) -> None:
        tasks = self._open[owner]
        del tasks[writer]
        if not tasks:
            del self._open[owner]
        self._count -= 1
        for share in _shares(owner):
            self._of[share] -= 1
            if not self._of[share]:
                del self._of[share]

    def grants(self) -> set[str]:
        """The keys and sessions with open streams."""
        return {owner.grant for owner in self._open}

    def attendees(self) -> dict[str, list[StreamOwner]]:
        """The owners of attendees' streams, by conference."""
        found: dict[str, list[StreamOwner]] = {}
        for owner in self._open:
            if owner.attendee:
                found.setdefault(owner.conference, []).append(owner)
        return found

    def owners(self, conference: str, attendee: str) -> list[StreamOwner]:
        """The owners of one attendee's open streams: one for each session."""
        return [owner for owner in self._open if (owner.conference, owner.attendee) == (conference, attendee)]

    def notify(self, owner: StreamOwner, kind: str, part: bytes) -> None:
        """Sends a notice on the owner's streams, except those whose last notice of this kind was the same."""
        for notices in self._open.get(owner, {}).values():
            notices.send(kind, part)

    def end_grant(self, grant: str) -> None:
        """Ends the streams of a session or key that was ended."""
        self._end(owner for owner in self._open if owner.grant == grant)

    def end_attendee(self, conference: str, attendee: str) -> None:
        """Ends the streams of an attendee who was erased."""
        self._end(owner for owner in self._open if (owner.conference, owner.attendee) == (conference, attendee))

    def end_conference(self, conference: str) -> None:
        """Ends the streams of a conference that was erased."""
        self._end(owner for owner in self._open if owner.conference == conference)

    def end_organizers(self, conference: str) -> None:
        """Ends the organizers' streams of a transferred conference; access is checked again when they reconnect."""
        self._end(owner for owner in self._open if owner.conference == conference and not owner.attendee)

    def close(self) -> None:
        """Ends all streams and refuses new ones: the server is stopping."""
        self._closed = True
        self._end(self._open)

    def _end(self, owners: Iterable[StreamOwner]) -> None:
        for owner in list(owners):
            for task in self._open[owner]:
                task.cancel()


class EventStream(Response[None]):
    """A response that writes the chunks until either side ends."""

    def __init__(self, streams: StreamRegistry, owner: StreamOwner, chunks: Chunks) -> None:
        super().__init__(None, media_type="text/event-stream")
        self._response = _StreamResponse(streams, owner, chunks)

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        """The ASGI application of the response; Litestar only calls it."""
        return self._response  # type: ignore[return-value]  # called as any ASGI application


class _StreamResponse:
    def __init__(self, streams: StreamRegistry, owner: StreamOwner, chunks: Chunks) -> None:
        self._streams, self._owner, self._chunks = streams, owner, chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._streams.refusal(self._owner)
        if refusal is not None:
            request: Request[Any, Any, Any] = Request(scope)
            answer = response(refusal).to_asgi_response(None, request, media_type=MEDIA_TYPE)
            await answer(scope, receive, send)
            return
        notices = StreamNotices(partial(self._body, send))
        writer = asyncio.create_task(self._write(send, notices), name="stream")
        self._streams.add(self._owner, writer, notices)
        disconnect = asyncio.create_task(_wait_for_disconnect(receive), name="stream client")
        try:
            await asyncio.wait({writer, disconnect}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writer, disconnect):
                task.cancel()
            await asyncio.wait({writer, disconnect})
        if not writer.cancelled() and (error := writer.exception()) is not None:
            raise error

    async def _write(self, send: Send, notices: StreamNotices) -> None:
        start: HTTPResponseStartEvent = {"type": "http.response.start", "status": 200, "headers": list(_HEADERS)}
        await send(start)
        try:
            async with aclosing(self._chunks()) as chunks:
                await self._body(send, f"retry: {self._streams.bounds.retry_ms}\n\n".encode())
                notices.open()
                async for part in chunks:
                    await self._body(send, part)
        except TimeoutError:
            return  # the client reads nothing: uvicorn closes the connection of an unfinished response
        finally:
            notices.close()
            last: HTTPResponseBodyEvent = {"type": "http.response.body", "body": b"", "more_body": False}
            await asyncio.shield(asyncio.ensure_future(_send_last(send, last)))

    async def _body(self, send: Send, part: bytes) -> None:
        event: HTTPResponseBodyEvent = {"type": "http.response.body", "body": part, "more_body": True}
        async with asyncio.timeout(self._streams.bounds.send_s):
            await send(event)


async def _send_last(send: Send, last: HTTPResponseBodyEvent) -> None:
    try:
        async with asyncio.timeout(1.0):
            await send(last)
    except (TimeoutError, OSError, RuntimeError):
        return


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
