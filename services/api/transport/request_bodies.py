"""Reads the body of a request as a whole, when the application first asks for it, and within limits.

Responsibility: counting the bytes of bodies in memory, and refusing more than the limits.
Invariants: nothing is read before the route's guard has authorized the caller, because only then the application asks.
The bytes in memory are limited in total, by sender, and together for all unauthenticated callers; they count until the
request is answered.
Why: a handler that reads a body part by part could be made to wait in the middle of its work, and reading a body before
the caller is authenticated would let anybody fill the memory.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from services.api.shared.bounds import Bounds
from services.api.shared.guard import Caller
from services.api.shared.problems import ProblemError

# As in the ASGI specification: Litestar's and uvicorn's types for the same differ.
Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Charge = Callable[[str, str, int], None]  # rate, sender, cost; raises ProblemError where the rate is used up

_UNAUTHENTICATED = ""  # all unauthenticated callers, as one sender
_KIB = 1_024
STATE = "body"  # its key in the scope's state


class InFlight:
    """How many bytes of bodies are in memory, by sender. Used on the event loop."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._by_sender: Counter[str] = Counter()
        self.total = 0

    def add(self, sender: str, role: str, count: int) -> None:
        """Counts received bytes until ``remove``, also where they are too many: then ProblemError 429 or 503."""
        self._by_sender[sender] += count
        self.total += count
        own = self._share(sender, role)
        if self._by_sender[sender] > own and sender:
            detail = f"You are sending more than {own:,} bytes at once. Wait for answers, then send on."
            raise ProblemError(429, "rate", detail, retry_s=1)
        if self._by_sender[sender] > own or self.total > self._bounds.buffered_bytes:
            raise ProblemError(503, "busy", "Too much is coming in at once. Send it again.", retry_s=2)

    def _share(self, sender: str, role: str) -> int:
        if sender == _UNAUTHENTICATED:
            return self._bounds.unauthenticated_buffered_bytes
        return self._bounds.attendee_buffered_bytes if role == "attendee" else self._bounds.sender_buffered_bytes

    def remove(self, sender: str, count: int) -> None:
        """Stops counting bytes that are no longer in memory."""
        self.total -= count
        self._by_sender[sender] -= count
        if not self._by_sender[sender]:
            del self._by_sender[sender]


class Body:
    """The ASGI ``receive`` of one request. Call ``release`` when it is answered."""

    def __init__(self, scope: Scope, receive: Receive, bounds: Bounds, in_flight: InFlight, charge: Charge) -> None:
        self._scope, self._receive = scope, receive
        self._bounds, self._in_flight, self._charge = bounds, in_flight, charge
        self._sender, self._role, self._size, self._paid_kib = _UNAUTHENTICATED, "", 0, 0
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"")
        self._declared_length = int(length) if length.isdigit() else None
        # Whether more of it may still arrive.
        self.is_pending = (self._declared_length is None and b"transfer-encoding" in headers) or bool(
            self._declared_length
        )
        self._is_delivered = False
        scope.setdefault("state", {})[STATE] = self

    async def __call__(self) -> Message:
        if self._is_delivered or not self.is_pending:
            return await self._receive()
        self._is_delivered = True
        return {"type": "http.request", "body": await self._read(), "more_body": False}

    async def _read(self) -> bytes:
        caller: Caller | None = self._scope["state"].get("caller")
        is_authenticated = caller is not None and caller.grant is not None
        if is_authenticated and caller is not None:
            self._sender, self._role = caller.payer, caller.role
        most = self._bounds.most_bytes(self._scope["path"], is_authenticated=is_authenticated)
        if self._declared_length is not None:
            self._pay(caller, self._declared_length, most)
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(self._bounds.body_s):
                while self.is_pending:
                    part = await self._read_part()
                    self._pay(caller, self._size, most)
                    parts.append(part)
        except TimeoutError:
            detail = f"The body did not arrive within {self._bounds.body_s:g} s. Send less at once."
            raise ProblemError(408, "slow", detail) from None
        return b"".join(parts)

    async def _read_part(self) -> bytes:
        event = await self._receive()
        if event["type"] == "http.disconnect":
            self.is_pending = False
            raise ProblemError(400, "ended", "The connection closed before the end of the body.")
        part: bytes = event.get("body", b"")
        self.is_pending = event.get("more_body", False)
        self._size += len(part)
        self._in_flight.add(self._sender, self._role, len(part))
        return part

    def _pay(self, caller: Caller | None, size: int, most: int) -> None:
        """Charges an authenticated caller by the KiB, for the whole body at once where its length is declared."""
        if size > most:
            raise ProblemError(413, "too-large", f"The body has more than {most:,} bytes. Send it in parts.")
        kib = -(-size // _KIB) - self._paid_kib
        if kib > 0 and caller is not None and caller.grant is not None:
            self._charge(f"{caller.budget}_kib", caller.payer, kib)
            self._paid_kib += kib

    def count_decompressed(self, count: int) -> None:
        """Counts and charges the decompressed bytes in addition to the compressed ones, as if they had come plain."""
        self._size += count
        self._in_flight.add(self._sender, self._role, count)
        self._pay(self._scope["state"].get("caller"), self._size, self._size)

    async def discard(self) -> None:
        """Discards (some of) an unread body: a client that is still sending does not read its response."""
        left = self._bounds.linger_bytes
        try:
            async with asyncio.timeout(self._bounds.linger_s):
                while self.is_pending and left > 0:
                    event = await self._receive()
                    left -= len(event.get("body", b""))
                    self.is_pending = event["type"] == "http.request" and event.get("more_body", False)
        except TimeoutError:
            return  # it is cut off

    def release(self) -> None:
        """Stops counting the body: it is no longer in memory."""
        self._in_flight.remove(self._sender, self._size)
        self._size = 0
        self._scope["state"].pop(STATE, None)  # it refers to the scope; the cycle would wait for the garbage collector
