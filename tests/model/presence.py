"""Who is here, and where (readings 20 to 22).

Owns: arrivals, leavings, signs. May never: decide what follows from them.
"""

from collections.abc import Sequence

from schemas.times import HOUR_MS, MINUTE_MS
from tests.model.records import Record


class Presence:
    """`heres`: the records of what was answered as `here` on an agreed card; with arrivals the only signs."""

    def __init__(self, records: Sequence[Record], heres: Sequence[Record], presence_hours: int) -> None:
        self._arrivals = [r for r in records if r.type == "checkin.arrived"]
        self._leavings = [r for r in records if r.type == "checkin.left"]
        self._signs = [*self._arrivals, *heres]
        self._length_ms = presence_hours * HOUR_MS

    def has_left(self, attendee: str) -> bool:
        """Not come, or gone: no arrival that beats the last leaving of the conference."""
        arrival = _last(self._arrivals, attendee)
        leaving = _last([r for r in self._leavings if r.event.get("place") is None], attendee)
        return arrival is None or (leaving is not None and leaving.rank > arrival.rank)

    def last_sign(self, attendee: str) -> Record | None:
        """The newest arrival or `here`."""
        return _last(self._signs, attendee)

    def lapses_at(self, attendee: str) -> int | None:
        """When the attendee is no longer present for want of a sign."""
        sign = self.last_sign(attendee)
        return None if sign is None else sign.at + self._length_ms

    def present(self, attendee: str, t: int) -> bool:
        """Arrived, not left, and the last sign is not too old at `t`."""
        lapse = self.lapses_at(attendee)
        return lapse is not None and t < lapse and not self.has_left(attendee)

    def place(self, attendee: str) -> str | None:
        """The place of the last arrival, unless it was left."""
        arrival = _last(self._arrivals, attendee)
        if arrival is None or arrival.event.get("place") is None:
            return None
        place = str(arrival.event["place"])
        leaving = _last([r for r in self._leavings if r.event.get("place") in (place, None)], attendee)
        return None if leaving is not None and leaving.rank > arrival.rank else place

    def same_place(self, a: str, b: str, t: int, near_minutes: int) -> bool:
        """Both last arrivals name the same place, both less than `near_minutes` before `t`."""
        place = self.place(a)
        if place is None or place != self.place(b):
            return False
        arrivals = [_last(self._arrivals, who) for who in (a, b)]
        return all(r is not None and t - r.at < near_minutes * MINUTE_MS for r in arrivals)


def _last(records: Sequence[Record], attendee: str) -> Record | None:
    return max((r for r in records if r.attendee == attendee), key=lambda r: r.rank, default=None)
