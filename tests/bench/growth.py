"""An event costs the same in a large conference as in a small one: 1,000,000 events against 100,000."""

from pathlib import Path
from statistics import median

from tests.bench.folding import fold
from tests.bench.logs import log
from tests.bench.rows import Row, spread

MOST_RATIO = 1.7


def run() -> list[Row]:
    """In turns, so that a busy machine slows both: three small folds, a large one, and again."""
    small, large = log(attendees=1_500, posts=50_000), log(attendees=15_000, posts=500_000)
    of_small: list[float] = []
    of_large: list[float] = []
    for _ in range(3):
        of_small += [_event_us(small) for _ in range(3)]
        of_large.append(_event_us(large))
    return [
        Row("an event at 10^5", median(of_small), "us", beside=spread(of_small)),
        Row("an event at 10^6", median(of_large), "us", beside=spread(of_large)),
        Row("10^6 : 10^5", median(of_large) / median(of_small), "x", "1.2", most=MOST_RATIO),
    ]


def _event_us(path: Path) -> float:
    folded = fold(path)
    return folded.seconds / folded.events * 1e6
