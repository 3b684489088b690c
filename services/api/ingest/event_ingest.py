"""Processes a request that carries events: decompress, charge rate limits, admit, count.

Why: the route that every check-in uses gets one object instead of six, because Litestar resolves each dependency in a
task of its own.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request
from msgspec import Struct

from schemas.codec import Reject
from services.admission.event_admission import EventAdmission
from services.admission.results import Result
from services.api.ingest.event_bodies import split_events
from services.api.shared.bounds import Bounds
from services.api.shared.guard import Caller
from services.api.shared.rate_limits import RateLimits
from services.api.transport.decompression import Decompressor
from services.api.transport.metrics import Metrics

_POST = "activity."
DESKS = frozenset({"connector", "organizer"})  # they check others in


class EventIngest:
    """Used on the event loop."""

    def __init__(
        self,
        admission: EventAdmission,
        decompressor: Decompressor,
        limits: RateLimits,
        bounds: Bounds,
        metrics: Metrics,
    ) -> None:
        self._admission, self._decompressor, self._limits = admission, decompressor, limits
        self._bounds, self._metrics = bounds, metrics

    async def read(self, request: Request[Any, Any, Any]) -> list[bytes | Reject]:
        """The events of the body, each as it came, or why it is none. ProblemError where it is no list of events."""
        async with self._decompressor.decompressed(request, self._bounds.events_bytes) as body:
            return split_events(body, request.headers, self._bounds.events)

    async def take(self, caller: Caller, lines: Sequence[bytes | Reject]) -> list[Result]:
        """The result of each event; accepted ones are durable. ProblemError 429; raises as ``Runner.take``."""
        self._charge(caller, lines)
        results = await self._admission.admit_lines(lines, caller.sender)
        for status, count in Counter([result.status for result in results]).items():
            self._metrics.events.labels(status).inc(count)
        return results

    def _charge(self, caller: Caller, lines: Sequence[bytes | Reject]) -> None:
        posts = sum(map(_is_post, lines)) if caller.role == "attendee" else 0
        for rate, count in (("upload", posts), (caller.budget, len(lines) - posts)):
            if count:
                self._limits.charge(rate, caller.payer, count)
        if caller.role in DESKS:
            self._limits.charge("unknown_tickets", caller.payer, 0)


class _Typed(Struct):
    type: str = ""


def _is_post(line: bytes | Reject) -> bool:
    """Whether a line is a post, by its ``type`` field and no other occurrence of the word."""
    if not isinstance(line, bytes):
        return False
    try:
        return msgspec.json.decode(line, type=_Typed).type.startswith(_POST)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
