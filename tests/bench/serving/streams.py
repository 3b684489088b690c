"""5,000 open streams: the server's memory for each, and one event that reaches all of them.

The one event is the check-in of somebody whom all others know: a suggestion to each. The peer only writes to each.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

from tests.bench.rows import Row
from tests.bench.serving.crowd import YESTERDAY_S, Crowd, arrival, crowd, lines, peer, post
from tests.bench.serving.line import Line
from tests.server.many import Stream, opened
from tests.server.process import until

STREAMS = 5_000
AT_ONCE = 50
MOST_KB, MOST_ALL_S = 40.0, 6.0
KB = 1_000


def memory(pid: int) -> int:
    """Bytes of a process that are in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def _all_opened(open_one: Callable[[int], Awaitable[Stream]]) -> list[Stream]:
    streams: list[Stream] = []
    for start in range(0, STREAMS, AT_ONCE):
        streams += await asyncio.gather(*[open_one(number) for number in range(start, start + AT_ONCE)])
    return streams


async def _to_all(streams: list[Stream], tell: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Seconds from the answer to half of the streams, and to all of them."""
    got: list[float] = []

    async def received(stream: Stream) -> None:
        await stream.until(b"event: suggested")
        got.append(time.perf_counter())

    waiting = [asyncio.create_task(received(stream)) for stream in streams]
    await asyncio.sleep(0)
    await tell()
    answered = time.perf_counter()
    await asyncio.gather(*waiting)
    got.sort()
    return max(0.0, got[len(got) // 2] - answered), max(0.0, got[-1] - answered)


async def _hallway(found: Crowd) -> tuple[float, float, float]:
    address, key, pid = found.hallway.address, found.hallway.keys["scanner"], found.hallway.pid
    first = await opened(address, found.sessions[STREAMS])  # what is made once is made
    await first.close()
    await asyncio.to_thread(until, lambda: not found.hallway.gauges()["hallway_streams"])
    before = memory(pid)
    streams = await _all_opened(lambda number: opened(address, found.sessions[number]))
    each = (memory(pid) - before) / STREAMS
    line = await Line.to(address)
    body = lines([arrival("everybody knows me", STREAMS)])
    half_s, all_s = await _to_all(streams, lambda: line.post("/v1/events", body, key))
    return each, half_s, all_s


async def _peer(address: str, pid: int) -> tuple[float, float, float]:
    before = memory(pid)
    streams = await _all_opened(lambda number: opened(address, "", f"/stream?who={number}"))
    each = (memory(pid) - before) / STREAMS
    line = await Line.to(address)
    return each, *await _to_all(streams, lambda: line.post("/tell?who=*"))


def _known_by_all() -> list[dict[str, object]]:
    """Person STREAMS addresses everybody on two days, ten at a time, and is addressed by everybody on both."""
    numbers = count()
    ways = [(STREAMS, *range(at, at + 10)) for at in range(0, STREAMS, 10)]
    ways += [(other, STREAMS) for other in range(STREAMS)]
    return [post(next(numbers), *way, shift_s=shift_s) for shift_s in (YESTERDAY_S, 0) for way in ways]


def run() -> list[Row]:
    """The set-up, the measurement, the peer's."""
    with peer() as (address, pid):
        bare_each, bare_half_s, bare_all_s = asyncio.run(_peer(address, pid))
    with crowd(STREAMS + 1) as found:
        found.send("connector", _known_by_all())
        found.send("scanner", [arrival(f"c{number}", number) for number in range(STREAMS)])
        found.folded()
        each, half_s, all_s = asyncio.run(_hallway(found))
    beside = f"bare uvicorn {bare_each / KB:.1f} kB"
    return [
        Row(f"memory of each of {STREAMS:,} streams", each / KB, "kB", "50", most=MOST_KB, beside=beside),
        Row("one event to half of the streams", half_s, "s", beside=f"bare uvicorn {bare_half_s:.2f} s"),
        Row("one event to all streams", all_s, "s", "1", most=MOST_ALL_S, beside=f"bare uvicorn {bare_all_s:.2f} s"),
    ]
