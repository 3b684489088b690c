"""Replays at real time or a multiple of it (``--speed``)."""

import re
from collections.abc import Callable

from schemas.codec import Record
from schemas.times import SECOND_MS
from services.usage_errors import UnusableError

_SPEED = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)x?")


def parse_speed(text: str) -> float | None:
    """Parses a speed: a multiple of real time; None: as fast as possible. UnusableError."""
    if text == "max":
        return None
    found = _SPEED.fullmatch(text)
    if found is None or float(found[1]) <= 0:
        raise UnusableError(f"--speed {text} is not a speed. Use max, or a number such as 1x, 10x or 0.5x.")
    return float(found[1])


class Pacer:
    """Says how long to wait before a record. The first record sets the start."""

    def __init__(self, speed: float, clock: Callable[[], float]) -> None:
        self._speed = speed
        self._clock = clock
        self._start: tuple[float, int] | None = None

    def wait(self, record: Record) -> float:
        """Seconds to wait until it is this record's turn; 0 if it is late."""
        moment = record.at if record.recorded is None else record.recorded
        if self._start is None:
            self._start = (self._clock(), moment)
        began, first = self._start
        due = began + (moment - first) / SECOND_MS / self._speed
        return max(0.0, due - self._clock())
