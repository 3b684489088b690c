"""The conference: when, where, and the chats around it.

Responsibility: names, days, places, windows. Nothing here is random. All names are invented but the chats'
hashtags, which are those of real communities (users.md); no person is meant.

Numbers and reasons:
- ``FIRST_DAY`` is a Monday right after the US clock change (March 8th, 2026), so that weekly windows cross
  two changes.
- ``LEAD_DAYS`` 180: big conferences open their registration half a year ahead, and a score halves in 180
  days.
- Three windowed chats and one without a window, then one more for 500 voices: #hitsm or #hcldr have a
  hundred people a session, not a thousand.
- Places: a booth for 120 attendees (HIMSS: 45,000 and about 1,000 booths; bounded by 300 to keep the line
  short), a stage for 1,500, an entrance for 15,000; a lounge for each chat, where its people meet at lunch.
- ``SLOTS``: six sessions of an hour with breaks of half an hour and a lunch, as most programmes have.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from schemas.events import Chat, Place
from schemas.times import MINUTE_MS
from schemas.zones import zone

CONFERENCE = "health-it-2026"
NAME = "Health IT Days 2026"
TAG = "hitdays26"
ORGANIZER = "hit-days"
TIME_ZONE = "America/Los_Angeles"
FIRST_DAY = date(2026, 3, 9)
LEAD_DAYS = 180
AFTER_DAYS = 2  # the conference's hashtag lives on for two days, then the organizer closes
MORE_PLACES_DAY = -21  # the exhibition is complete three weeks ahead: opened again with all booths

SLOTS = (510, 600, 690, 810, 900, 990)  # minutes since local midnight: 8:30 10:00 11:30 13:30 15:00 16:30
SLOT_MINUTES = 60
LUNCH = 755  # 12:35

_WEEKLY = (
    ("hitsm", 4, "12:00", "America/New_York"),
    ("hcldr", 1, "20:30", "America/New_York"),
    ("hcsmca", 2, "13:00", "America/Toronto"),
)
_MORE_WEEKLY = ("womeninhit", "healthitchicks", "epatient", "nurseit", "ruralhit", "telecare", "pharmit")
_MORE_STARTS = ("11:00", "13:00", "15:00", "20:00")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(day: int, minute: int, time_zone: str = TIME_ZONE) -> int:
    """Milliseconds since 1970 of a local time; day 0 is the first of the conference, ``minute`` 0..1439."""
    midnight = datetime.combine(FIRST_DAY, datetime.min.time(), zone(time_zone))
    return (midnight + timedelta(days=day, minutes=minute) - _EPOCH) // timedelta(milliseconds=1)


def weekday(day: int) -> int:
    """Monday is 0."""
    return (FIRST_DAY.weekday() + day) % 7


@dataclass(frozen=True, slots=True)
class Program:
    """What is fixed before anybody does anything."""

    days: int
    chats: tuple[Chat, ...]
    entrances: tuple[str, ...]
    stages: tuple[str, ...]
    lounges: tuple[str, ...]
    booths: tuple[str, ...]

    def places(self, *, complete: bool) -> tuple[Place, ...]:
        """The places to announce; at first only half of the booths are known."""
        booths = self.booths if complete else self.booths[: len(self.booths) // 2]
        named = (*self.entrances, *self.stages, *self.lounges, *booths)
        return tuple(Place(place=place, name=place.replace("-", " ").title()) for place in named)

    def windows(self, day: int) -> list[tuple[int, int]]:
        """(index of the chat, start in ms) of the sessions that start on that local day."""
        return [
            (index, moment(day, int(chat.start[:2]) * 60 + int(chat.start[3:]), chat.time_zone or TIME_ZONE))
            for index, chat in enumerate(self.chats)
            if chat.start is not None and chat.weekday == weekday(day)
        ]


def program(attendees: int, voices: int, days: int) -> Program:
    """The programme of a conference of that size."""
    chats = _chats(min(len(_MORE_WEEKLY), voices // 500))
    return Program(
        days=days,
        chats=chats,
        entrances=_numbered("entrance", 1 + attendees // 15_000),
        stages=_numbered("stage", 3 + attendees // 1_500),
        lounges=tuple(f"lounge-{chat.hashtag}" for chat in chats),
        booths=_numbered("booth", 6 + min(294, attendees // 120)),
    )


def _chats(more: int) -> tuple[Chat, ...]:
    weekly = [*_WEEKLY]
    for index, tag in enumerate(_MORE_WEEKLY[:more]):
        weekly.append((tag, index % 5, _MORE_STARTS[index % 4], "America/Chicago"))
    windowed = [
        Chat(hashtag=tag, weekday=on, start=start, minutes=60, time_zone=where) for tag, on, start, where in weekly
    ]
    return (*windowed, Chat(hashtag="pinksocks"))


def _numbered(kind: str, count: int) -> tuple[str, ...]:
    return tuple(f"{kind}-{number}" for number in range(1, count + 1))


def window_ms(chat: Chat) -> int:
    """How long a session lasts."""
    return (chat.minutes or 24 * 60) * MINUTE_MS
