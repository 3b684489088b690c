"""When a chat's sessions are: the occurrences of its weekly windows, or UTC days.

Responsibility: from (hashtag, moment) to sessions as (start, end) in ms; not who took part.
Why: a window starts at a local time of its own zone and lasts a number of elapsed minutes. A start that a clock change
skips is read with the offset before the change (PEP 495, fold=0); of one that occurs twice the first is taken.
"""

from datetime import UTC, date, datetime, timedelta

from schemas import zones
from schemas.times import DAY_MS, MINUTE_MS, utc_day
from streams.matching.state import ChatDay

Span = tuple[int, int]
_EPOCH_DAY = date(1970, 1, 1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CACHED_DAYS = 1_000  # days of one chat whose windows are cached; more than any policy's evidence


def _starts_on(chat: ChatDay, day: int) -> Span | None:
    """The window that starts on this local date, if the chat has one then."""
    local = _EPOCH_DAY + timedelta(days=day)
    if chat.weekday is None or local.weekday() != chat.weekday:
        return None
    assert chat.start is not None
    assert chat.zone is not None
    assert chat.minutes is not None  # the four go together
    hour, minute = int(chat.start[:2]), int(chat.start[3:])
    moment = datetime(local.year, local.month, local.day, hour, minute, tzinfo=zones.zone(chat.zone))
    start = (moment - _EPOCH) // timedelta(milliseconds=1)
    return start, start + chat.minutes * MINUTE_MS


def _overlapping(chat: ChatDay, day: int) -> list[Span]:
    """The windows that overlap this UTC day: local dates may be a day off, and a window may begin the day before."""
    if chat.weekday is None:
        return [(day * DAY_MS, (day + 1) * DAY_MS)]
    spans = (_starts_on(chat, near) for near in range(day - 2, day + 2))
    return [span for span in spans if span and span[0] < (day + 1) * DAY_MS and span[1] > day * DAY_MS]


class Calendar:
    """The sessions of all declared chats."""

    def __init__(self, chats: tuple[ChatDay, ...]) -> None:
        self._chats: dict[str, list[ChatDay]] = {}
        for chat in chats:
            self._chats.setdefault(chat.tag, []).append(chat)
        self._spans: dict[str, dict[int, tuple[Span, ...]]] = {tag: {} for tag in self._chats}
        self.declared = frozenset(self._chats)

    def overlapping(self, tag: str, day: int) -> tuple[Span, ...]:
        """A declared hashtag's sessions that overlap a UTC day: (start, end) in ms, start included, end excluded."""
        days = self._spans[tag]
        spans = days.get(day)
        if spans is None:
            if len(days) >= _CACHED_DAYS:
                days.clear()
            found = {span for chat in self._chats[tag] for span in _overlapping(chat, day)}
            spans = days[day] = tuple(sorted(found))
        return spans

    def sessions(self, tag: str, at: int) -> list[Span]:
        """The sessions of a declared hashtag at a moment."""
        return [span for span in self.overlapping(tag, utc_day(at)) if span[0] <= at < span[1]]
