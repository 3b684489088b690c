"""A conference where who posts knows some thirty others who are here, so that more wait for their budget than fits.

The peer is the same engine on a believable conference of the same number of events, in the same run: what a dense
conference costs more must stay a small factor, and no check-in may hold up those behind it.
"""

from statistics import median
from time import perf_counter

from schemas.codec import Codec, Record
from schemas.events import CheckinArrived
from streams.replay import Replay
from tests.bench.folding import fold, no_gc
from tests.bench.logs import blocks, log
from tests.bench.rows import Row, spread

ROUNDS = 3
LEAST_EVENTS_A_SECOND = 25_000
MOST_RATIO = 3.0
MOST_CHECKIN_MS = 3.0
DENSE = {"attendees": 3_000, "posts": 250_000, "density": 4}
BELIEVABLE = {"attendees": 4_500, "posts": 250_000}


def run() -> list[Row]:
    """About 360,000 events, folded beside as many of a believable conference."""
    dense, believable = log(**DENSE), log(**BELIEVABLE)
    speeds, peers = [], []
    for _ in range(ROUNDS):
        folded = fold(dense)
        speeds.append(folded.events / folded.seconds)
        folded = fold(believable)
        peers.append(folded.events / folded.seconds)
    checkins = _checkins()
    ratio = median(peers) / median(speeds)
    return [
        Row("dense fold, events a second", median(speeds), "/s", "70,000", least=LEAST_EVENTS_A_SECOND,
            beside=f"some thirty ties for each who posts; {spread(speeds)}"),
        Row("dense : believable conference, time an event", ratio, "x", most=MOST_RATIO,
            beside=f"believable: {spread(peers)} /s"),
        Row("check-in in a dense conference, p99", checkins[len(checkins) * 99 // 100], "ms", "0.3",
            most=MOST_CHECKIN_MS, beside=f"{len(checkins):,} of them; median {median(checkins):.3g}"),
    ]  # fmt: skip


def _checkins() -> list[float]:
    """How long each check-in takes to fold, in ms, ascending."""
    codec, replay, taken = Codec(), Replay(), []
    with no_gc():
        for block in blocks(log(**DENSE)):
            for line in block.splitlines():
                record = codec.decode(line)
                assert isinstance(record, Record)
                began = perf_counter()
                replay.feed(record)
                if type(record.event) is CheckinArrived:
                    taken.append((perf_counter() - began) * 1_000)
    return sorted(taken)
