"""Shared by the tests of the embedded runner: a settable clock, a small conference, an inbox, the fold.

Invariants: it never sleeps for a fixed time; it waits for conditions, within a limit.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec

from schemas.codec import Codec, Reject, encode_output
from schemas.outputs import AnyOutput
from schemas.position import Position
from schemas.times import millis
from services.journal import Journal, OutputLine
from services.runtime import EmbeddedRunner
from services.tools.simulation import simulate
from streams.matching import Matcher

SENDER = "connector:test"
CONFERENCE = "health-it-2026"
LIMIT_S = 60.0


class _Times(msgspec.Struct):
    id: str
    recorded_at: str


times_of = msgspec.json.Decoder(_Times).decode


@dataclass(slots=True)
class Clock:
    """Stands still until it is told the time."""

    ms: int = millis("2026-03-09T08:00:00Z")

    def __call__(self) -> int:
        return self.ms


@lru_cache(maxsize=1)
def conference() -> tuple[bytes, ...]:
    """A small conference, every line of it, in the order of its log."""
    lines = simulate(attendees=150, posts=8_000, days=1, seed=3)
    return tuple(line.rstrip(b"\n") for line in lines if b'"clock.ticked"' not in line)


def batches(lines: Sequence[bytes], size: int) -> Iterator[tuple[int, list[bytes]]]:
    """The lines in batches, each with the moment (ms) at which it is recorded."""
    for start in range(0, len(lines), size):
        batch = list(lines[start : start + size])
        yield millis(times_of(batch[-1]).recorded_at), batch


@dataclass(slots=True)
class Inbox:
    """Takes each output once, by its position, as the real one does; and can be away."""

    got: dict[str, list[AnyOutput]] = field(default_factory=dict)
    error: Exception | None = None
    calls: int = 0

    async def deliver(self, conference: str, outputs: Sequence[AnyOutput]) -> None:
        self.calls += 1
        if self.error is not None:
            raise self.error
        kept = self.got.setdefault(conference, [])
        for output in outputs:
            if not kept or Position.parse(output.position) > Position.parse(kept[-1].position):
                kept.append(output)

    async def delivered(self, conference: str) -> str | None:
        kept = self.got.get(conference)
        return kept[-1].position if kept else None

    def lines(self, conference: str) -> list[OutputLine]:
        """As the journal has them."""
        return [(output.position, encode_output(output)) for output in self.got.get(conference, [])]


async def until(holds: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
    """Waits for a condition; AssertionError after the limit."""
    deadline = asyncio.get_running_loop().time() + limit_s
    while not holds():
        assert asyncio.get_running_loop().time() < deadline, "what was waited for did not come"
        await asyncio.sleep(0.005)


def all_folded(runner: EmbeddedRunner) -> bool:
    """Whether everything in the journal is folded and its outputs recorded."""
    return runner._fold_loop.is_caught_up()


async def feed(runner: EmbeddedRunner, clock: Clock, lines: Sequence[bytes], size: int = 100) -> None:
    """Submits lines, the clock going with them."""
    for now, batch in batches(lines, size):
        clock.ms = now
        await runner.submit(batch, SENDER)


def clean_fold(journal: Journal, log: str = CONFERENCE) -> list[OutputLine]:
    """The outputs of a log that is folded from its start, without any stop."""
    codec, matcher = Codec(), Matcher(log)
    told: list[OutputLine] = []
    for row in journal.read(log):
        record = codec.decode(row.line)
        assert not isinstance(record, Reject)
        assert record.recorded == row.recorded_at
        told += [(o.position, encode_output(o)) for o in matcher.apply(record.event, record.at, record.recorded)]
    return told
