"""Matches in words, as an attendee reads them on a card.

Owns: the sentences. May never: say what one of the two may not know: an answer before both agreed, why a card went.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from schemas.outputs import MatchAgreed, Reason
from schemas.times import SECOND_MS, millis

Name = Callable[[str], str]


def clock(ms: int, zone: ZoneInfo) -> str:
    """The local time of day."""
    return f"{datetime.fromtimestamp(ms // SECOND_MS, UTC).astimezone(zone):%H:%M}"


def date(ms: int, zone: ZoneInfo) -> str:
    """The local day, such as 3 March."""
    local = datetime.fromtimestamp(ms // SECOND_MS, UTC).astimezone(zone)
    return f"{local.day} {local:%B}"


def weekday(ms: int, zone: ZoneInfo) -> str:
    """The local day with its weekday, such as Tuesday 3 March."""
    return f"{datetime.fromtimestamp(ms // SECOND_MS, UTC).astimezone(zone):%A} {date(ms, zone)}"


def reason(one: Reason, zone: ZoneInfo) -> str:
    """Why the two know each other."""
    if one.kind == "chat":
        return f"you were both in {one.count} #{one.hashtag} chat{'s' if one.count > 1 else ''}"
    where = f" in #{one.hashtag}" if one.hashtag else ""
    return f"you answered each other {one.count} times{where}, last on {date(millis(one.last_at), zone)}"


def whereabouts(agreed: MatchAgreed, name: Name, places: dict[str, str]) -> str:
    """Where the two are, as far as they share it."""
    told = [
        f"{name(person).split()[0]} is at {places.get(place, place)}"
        for person, place in agreed.places.items()
        if place is not None
    ]
    return ", ".join(told) or "they tell each other where"
