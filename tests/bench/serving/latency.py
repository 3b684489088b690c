"""A check-in accepted -> the card on the other's stream, at 500 events a second, with 5,000 attendees.

480 posts a second come in batches of a connector, 20 check-ins one by one; each check-in completes a pair whose other
half has a stream open. The peer gets the same requests and sends the same streams an event each.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from itertools import count
from statistics import quantiles

from tests.bench.rows import Row
from tests.bench.serving.crowd import YESTERDAY_S, Crowd, arrival, crowd, lines, peer, post, upward
from tests.bench.serving.line import Line
from tests.server.many import Stream, opened

PEOPLE, PAIRS = 5_000, 400
EVENTS_A_SECOND, CHECKINS_A_SECOND, BATCHES_A_SECOND = 500, 20, 10
MOST_P50_MS, MOST_P99_MS = 100.0, 1_500.0  # on a busy machine
_A_BATCH = (EVENTS_A_SECOND - CHECKINS_A_SECOND) // BATCHES_A_SECOND


async def _paced(rate: int, times: int, do: Callable[[int], Awaitable[object]]) -> None:
    """Does it so often a second, one at a time; what is late is not made up for in a burst."""
    due = time.perf_counter()
    for number in range(times):
        due = max(due, time.perf_counter() - 1.0) + 1 / rate
        await do(number)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))


async def _received(stream: Stream) -> float:
    await stream.until(b"event: suggested")
    return time.perf_counter()


class Measured:
    """Milliseconds from the answer, and from the request, to the stream."""

    def __init__(self) -> None:
        self.answered: list[float] = []
        self.sent: list[float] = []

    async def one(self, stream: Stream, tell: Callable[[], Awaitable[object]]) -> None:
        """Tells, and waits for the stream."""
        waiting = asyncio.create_task(_received(stream))
        await asyncio.sleep(0)
        sent = time.perf_counter()
        await tell()
        answered = time.perf_counter()
        got = await waiting
        self.sent.append((got - sent) * 1e3)
        self.answered.append(max(0.0, got - answered) * 1e3)


async def _hallway(found: Crowd) -> Measured:
    chance, numbers = random.Random(1), count(1_000_000)
    address, keys = found.hallway.address, found.hallway.keys
    streams = [await opened(address, found.sessions[2 * pair]) for pair in range(PAIRS)]
    posts, checkins = await Line.to(address), await Line.to(address)
    measured = Measured()

    async def check_in(pair: int) -> None:
        body = lines([arrival(f"c{pair}", 2 * pair + 1)])
        await measured.one(streams[pair], lambda: checkins.post("/v1/events", body, keys["scanner"]))

    async def batch(_: int) -> None:
        await posts.post("/v1/events", lines(upward(numbers, chance, PEOPLE, _A_BATCH)), keys["connector"])

    await _both(check_in, batch)
    return measured


async def _peer(address: str) -> Measured:
    chance, numbers = random.Random(1), count()
    streams = [await opened(address, "", f"/stream?who={pair}") for pair in range(PAIRS)]
    posts, tells = await Line.to(address), await Line.to(address)
    measured = Measured()

    async def check_in(pair: int) -> None:
        await measured.one(streams[pair], lambda: tells.post(f"/tell?who={pair}"))

    async def batch(_: int) -> None:
        await posts.post("/echo", lines(upward(numbers, chance, PEOPLE, _A_BATCH)))

    await _both(check_in, batch)
    return measured


async def _both(check_in: Callable[[int], Awaitable[None]], batch: Callable[[int], Awaitable[None]]) -> None:
    load = asyncio.create_task(_paced(BATCHES_A_SECOND, 1_000_000, batch))
    try:
        await _paced(CHECKINS_A_SECOND, PAIRS, check_in)
    finally:
        load.cancel()
        await asyncio.wait([load])


def _pairs_that_know_each_other() -> list[dict[str, object]]:
    numbers = count()
    pairs = [(2 * pair, 2 * pair + 1) for pair in range(PAIRS)]
    said = [way for one, other in pairs for way in ((one, other), (other, one))]
    return [post(next(numbers), *way, shift_s=shift_s) for shift_s in (YESTERDAY_S, 0) for way in said]


def run() -> list[Row]:
    """The set-up, the measurement, the peer's."""
    with peer() as (address, _):
        bare = asyncio.run(_peer(address))
    with crowd(PEOPLE) as found:
        found.send("connector", _pairs_that_know_each_other())
        found.send("scanner", [arrival(f"first{pair}", 2 * pair) for pair in range(PAIRS)])
        found.folded()
        ours = asyncio.run(_hallway(found))
    rows = []
    for name, of in (("accepted -> stream", "answered"), ("sent -> stream", "sent")):
        mine, theirs = quantiles(getattr(ours, of), n=100), quantiles(getattr(bare, of), n=100)
        first = name.startswith("accepted")
        for at, aim, most in ((50, "15", MOST_P50_MS), (99, "50", MOST_P99_MS)):
            beside = f"bare uvicorn {theirs[at - 1]:.1f} ms"
            rows.append(Row(f"check-in {name}, p{at}", mine[at - 1], "ms", aim if first else "", most, beside=beside))
    return rows
