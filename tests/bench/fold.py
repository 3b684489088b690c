"""The fold with decoding beside bare decoding of the same bytes, in turns."""

from statistics import median

from tests.bench.folding import bare_msgspec, bare_orjson, fold
from tests.bench.logs import log
from tests.bench.rows import Row, spread

ROUNDS = 5
MOST_RATIO = 50.0
LEAST_EVENTS_A_SECOND = 35_000
AIM = "200,000"  # events a second and core; 2.5 million in 20 seconds would be 125,000


def run() -> list[Row]:
    """About 300,000 events."""
    path = log(attendees=4_500, posts=150_000)
    folds, typed, untyped = [], [], []
    events = 0
    for _ in range(ROUNDS):
        typed.append(bare_msgspec(path))
        untyped.append(bare_orjson(path))
        folded = fold(path)
        events = folded.events
        folds.append(folded.seconds)
        del folded
    seconds = median(folds)
    return [
        Row("fold, events a second", events / seconds, "/s", AIM, least=LEAST_EVENTS_A_SECOND,
            beside=f"{events:,} events, decoded and folded; seconds: {spread(folds)}"),
        Row("fold : bare msgspec decoding", seconds / median(typed), "x", most=MOST_RATIO,
            beside=f"msgspec decodes {events / median(typed):,.0f} /s; seconds: {spread(typed)}"),
        Row("fold : bare orjson to dict", seconds / median(untyped), "x",
            beside=f"orjson reads {events / median(untyped):,.0f} /s; seconds: {spread(untyped)}"),
    ]  # fmt: skip
