"""A Jetstream on loopback, in both versions, and every fault. Its people are invented.

Owns: the wire. May never: know what the connector makes of it.
"""

import asyncio
import http
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.datastructures import Headers

Json = dict[str, Any]
POST = "app.bsky.feed.post"
ADA, BOB, EVE = "did:plc:ada", "did:plc:bob", "did:plc:eve"
SECRET = "what somebody wrote"  # noqa: S105 - the text of every post
_V2 = "network.bsky.jetstream.subscribeEvents"


def record(*tags: str, to: str = "", mention: str = "", listed: tuple[str, ...] = (), **fields: Any) -> Json:
    """A post's record. ``tags``: in facets; ``listed``: in ``tags``; ``to``: whom it answers."""
    features = [{"$type": "app.bsky.richtext.facet#tag", "tag": tag} for tag in tags]
    features += [{"$type": "app.bsky.richtext.facet#mention", "did": mention}] if mention else []
    found: Json = {
        "$type": POST,
        "text": SECRET,
        "createdAt": datetime.now(UTC).isoformat(),
        "facets": [{"index": {"byteStart": 0, "byteEnd": 1}, "features": [each]} for each in features],
    }
    if listed:
        found["tags"] = list(listed)
    if to:
        answered = {"uri": f"at://{to}/{POST}/3kabc", "cid": "bafy"}
        found["reply"] = {"root": answered, "parent": answered}
    return found | fields


@dataclass
class Fault:
    """What happens to a connection. ``after``: frames."""

    what: str
    after: int = 0


@dataclass
class Jetstream:
    """What the host has. ``faults``: for one connection each. ``skew_us``: how far its clock is ahead."""

    events: list[Json] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    versions: tuple[int, ...] = (1, 2)
    skew_us: int = 0
    floor_us: int = 0
    refuses_old: bool = False
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    hellos: list[Json] = field(default_factory=list)
    open: int = 0
    port: int = 0
    _rkey: int = 0
    _grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def now_us(self) -> int:
        return time.time_ns() // 1_000 + self.skew_us

    def add(
        self,
        did: str,
        made: Json | None,
        operation: str = "create",
        rkey: str = "",
        kind: str = "commit",
        at_us: int | None = None,
    ) -> str:
        """An event; the post's key."""
        self._rkey += 1
        rkey = rkey or f"3k{self._rkey:06}"
        newest = self.events[-1]["us"] + 1 if self.events else 0
        us = max(self.now_us(), newest) if at_us is None else at_us
        self.events.append(
            {"us": us, "kind": kind, "did": did, "operation": operation, "rkey": rkey, "record": made, "cid": "bafy"}
        )
        return rkey

    async def tell(self) -> None:
        """Sends what was added."""
        async with self._grown:
            self._grown.notify_all()

    async def wait_for(self, what: Callable[[], bool]) -> None:
        async with self._grown:
            await self._grown.wait_for(what)

    # -- frames --------------------------------------------------------------------------------------------------

    def frame(self, number: int, version: int) -> str:
        event = self.events[number]
        commit: Json = {"rev": "3krev", "operation": event["operation"], "collection": POST, "rkey": event["rkey"]}
        if event["record"] is not None:
            commit |= {"record": event["record"], "cid": event["cid"]}
        if version == 1:
            found = {"did": event["did"], "time_us": event["us"], "kind": event["kind"]}
            return json.dumps(found | ({"commit": commit} if event["kind"] == "commit" else {}))
        at = datetime.fromtimestamp(event["us"] / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        head = {"$type": f"{_V2}#{event['kind']}", "seq": number + 1, "did": event["did"], "time": at}
        return json.dumps(
            {"$type": "message", "payload": head | {"witnessedAt": at} | (commit if event["kind"] == "commit" else {})}
        )

    # -- connections ---------------------------------------------------------------------------------------------

    def check(self, _: ServerConnection, request: Request) -> Response | None:
        """What answers a handshake instead of a stream."""
        parts = urlsplit(request.path)
        query = parse_qs(parts.query)
        version = 2 if parts.path.startswith("/xrpc/") else 1
        if version not in self.versions:
            return _answer(404, b"not here")
        cursor = int(query.get("cursor", ["0"])[0])
        if self.refuses_old and cursor and cursor < self.floor_us:
            return _answer(400, b'{"error":"CursorTooOld","message":"too old"}')
        if self.faults and self.faults[0].what in ("429", "500", "redirect"):
            fault = self.faults.pop(0)
            more = {"Retry-After": "0"} if fault.what == "429" else {"Location": "ws://127.0.0.1:1/"}
            return _answer({"redirect": 302}.get(fault.what) or int(fault.what), b"", **more)
        return None

    async def serve(self, ws: ServerConnection) -> None:
        assert ws.request is not None
        parts = urlsplit(ws.request.path)
        query, version = parse_qs(parts.query), 2 if parts.path.startswith("/xrpc/") else 1
        self.asked.append(query)
        fault = self.faults.pop(0) if self.faults else Fault("")
        dids = set(query.get("dids", []) + query.get("wantedDids", []))
        self.open += 1
        try:
            if query.get("requireHello"):
                self.hellos.append(json.loads(await ws.recv()))
                dids = set(self.hellos[-1]["payload"]["wantedDids"])
            cursor = int(query["cursor"][0]) if "cursor" in query else None
            sending = asyncio.create_task(self._send(ws, version, cursor, dids, fault))
            closed = asyncio.create_task(ws.wait_closed())
            await asyncio.wait({sending, closed}, return_when=asyncio.FIRST_COMPLETED)
            for task in (sending, closed):
                task.cancel()
            await asyncio.wait({sending, closed})
        finally:
            self.open -= 1

    async def _send(self, ws: ServerConnection, version: int, cursor: int | None, dids: set[str], fault: Fault) -> None:
        if version == 2 and cursor is not None and cursor < self.floor_us:
            info = {"$type": f"{_V2}#info", "name": "OutdatedCursor", "message": "clamped"}
            await ws.send(json.dumps({"$type": "message", "payload": info}))
        start = max(cursor or 0, self.floor_us)
        at = next((n for n, each in enumerate(self.events) if cursor is not None and each["us"] >= start), None)
        at = len(self.events) if at is None else at
        sent, held = 0, ""
        while True:
            await self.wait_for(lambda: len(self.events) > at)  # noqa: B023
            number, at = at, at + 1
            if dids and self.events[number]["did"] not in dids:
                continue
            if await broken(ws, fault, sent):
                return
            text = self.frame(number, version)
            if fault.what == "swap" and not held and number + 1 < len(self.events):
                held = text
                continue
            await ws.send(text)
            sent += 1
            if held:
                await ws.send(held)
                held, sent = "", sent + 1
            if fault.what == "double":
                await ws.send(text)


async def broken(ws: ServerConnection, fault: Fault, sent: int) -> bool:
    """What goes wrong before a frame; whether the connection is over."""
    if sent != fault.after:
        return False
    match fault.what:
        case "cut":
            ws.transport.abort()
        case "close":
            await ws.close(1000)
        case "half":  # the head of a frame of 4,096 bytes, and a few of them
            ws.transport.write(b'\x81\x7e\x10\x00{"did": "did:plc')
            ws.transport.close()
        case "error":
            await ws.send(json.dumps({"$type": "error", "error": "ConsumerTooSlow"}))
        case "huge":
            fault.what = "sent"
            await ws.send(json.dumps({"did": ADA, "time_us": 1, "kind": "commit", "text": SECRET * 600_000}))
            return False
        case "garbage":
            fault.what = "sent"
            await ws.send('{"did": "did:plc:ada", "commit": {"record": {"text": "' + SECRET)
            return False
        case _:
            return False
    return True


def _answer(status: int, body: bytes, **headers: str) -> Response:
    return Response(
        status, http.HTTPStatus(status).phrase, Headers({k.replace("_", "-"): v for k, v in headers.items()}), body
    )


@asynccontextmanager
async def serving(host: Jetstream) -> AsyncIterator[Jetstream]:
    """The host on a free port."""
    handler: Callable[[ServerConnection], Awaitable[None]] = host.serve
    async with serve(
        handler,
        "127.0.0.1",
        0,
        process_request=host.check,
        select_subprotocol=lambda _, offered: offered[0] if offered else None,
        ping_interval=None,
    ) as server:
        (sock,) = server.sockets
        host.port = sock.getsockname()[1]
        yield host
