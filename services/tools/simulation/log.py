"""The simulated log: events wait by the day they are recorded, and come out as lines in the order of the log.

Responsibility: ids, ``recorded_at``, the order. It holds only what is still to come.
Why: only the days ahead are kept, so memory is bounded by the largest day (a conference day of 45,000
attendees has 0.6 million events), not by the conference. An event is encoded at once, without its closing
brace: bytes are a third of the Struct's size, and ``recorded_at`` (unknown until duplicates and late ones are
put in order) is appended when written. Sorting is stable and by time only, so events of one millisecond
keep the order in which they were added.
"""

from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter

import msgspec

from schemas.events import Event
from schemas.times import DAY_MS, SECOND_MS, format_time

_encode = msgspec.json.Encoder().encode
_recorded = itemgetter(0)


@lru_cache(maxsize=2 * 86_400)  # the seconds of two days: the one being made, and the evening after it in UTC
def _second(seconds: int) -> str:
    return format_time(seconds * SECOND_MS)[:19]


def text(ms: int) -> str:
    """``schemas.times.format_time``, five times as fast where most moments share their second with others."""
    return f"{_second(ms // SECOND_MS)}.{ms % SECOND_MS:03}Z"


class Log:
    """Takes events in any order of one day and gives the lines of the days in order."""

    def __init__(self) -> None:
        self._days: dict[int, list[tuple[int, bytes]]] = {}
        self._written_to = 0
        self._number = 0

    def next_id(self) -> str:
        """A new opaque id."""
        self._number += 1
        return f"e:{self._number:06}"

    def add(self, recorded: int, event: Event) -> None:
        """``recorded`` (ms) may not be in a day that was given out."""
        day = recorded // DAY_MS
        entry = (recorded, _encode(event)[:-1])
        try:
            self._days[day].append(entry)
        except KeyError:
            assert day >= self._written_to, "an event for a day that is already written"
            self._days[day] = [entry]

    def lines_before(self, day: int) -> Iterator[bytes]:
        """The lines of all UTC days before that one (in days since 1970), which can then take no more."""
        for earlier in sorted(key for key in self._days if key < day):
            yield from self._lines(self._days.pop(earlier))
        self._written_to = day

    def rest(self) -> Iterator[bytes]:
        """All that is left."""
        return self.lines_before(max(self._days, default=0) + 1)

    @staticmethod
    def _lines(entries: list[tuple[int, bytes]]) -> Iterator[bytes]:
        entries.sort(key=_recorded)
        for recorded, body in entries:
            yield b'%b,"recorded_at":"%b"}\n' % (body, text(recorded).encode())
