"""A conference around real posts: opened, everybody registered, verified, and there each day.

Owns: the events beside the posts, the same each time. May never: draw or depend on anything but the posts.
An attendee is "a-" and the account's handle, so that the order of attendees is that of accounts.
"""

from collections.abc import Iterable, Iterator
from operator import itemgetter

from tests.corpus.posts import HASHTAGS, Json, accounts

PLACES = ("hall-a", "hall-b", "foyer", "posters")
OPENED_AT, REGISTERED_AT, VERIFIED_AT = (f"2017-07-0{day}T00:00:00.000Z" for day in (1, 2, 3))
DAYS = {
    "bosc17": ("2017-07-22", "2017-07-23"),
    "ismbeccb2017": ("2017-07-21", "2017-07-22", "2017-07-23", "2017-07-24", "2017-07-25"),
}


def attendee(account: str) -> str:
    """The attendee who has the account."""
    return f"a-{account.partition(':')[2]}"


def opened(name: str, hashtags: Iterable[str], chats: Iterable[str] = ()) -> Json:
    """The opening; chats are windowless."""
    return {
        "type": "conference.opened",
        "id": f"{name}:opened",
        "at": OPENED_AT,
        "conference": name,
        "name": name,
        "hashtags": list(hashtags),
        "starts_at": f"{DAYS[name][0]}T07:00:00Z",
        "ends_at": f"{DAYS[name][-1]}T20:00:00Z",
        "time_zone": "Europe/Prague",
        "places": [{"place": place, "name": place} for place in PLACES],
        "chats": [{"hashtag": chat} for chat in chats],
    }


def _of(name: str, kind: str, holder: str, at: str, **fields: object) -> Json:
    person = attendee(holder)
    said = {"type": kind, "id": f"{name}:{kind}:{person}:{at}", "at": at, "conference": name, "attendee": person}
    return said | fields


def registrations(name: str, everybody: Iterable[str]) -> Iterator[Json]:
    """Everybody registers with all consents, and verifies the one account."""
    consent = {"matching": True, "chats": True, "share_place": True}
    for account in everybody:
        yield _of(name, "attendee.registered", account, REGISTERED_AT, accounts=[account], consent=consent)
        yield _of(name, "account.verified", account, VERIFIED_AT, account=account, method="corpus")


def presences(name: str, everybody: list[str]) -> Iterator[Json]:
    """Everybody arrives in the morning of each day, one each second, and leaves in the evening; a tick at midnight."""
    for day in DAYS[name]:
        for number, account in enumerate(everybody):
            clock = f"{number // 60 % 60:02}:{number % 60:02}.000Z"
            place = PLACES[number % len(PLACES)]
            yield _of(name, "checkin.arrived", account, f"{day}T{7 + number // 3600:02}:{clock}", place=place)
            yield _of(name, "checkin.left", account, f"{day}T{18 + number // 3600:02}:{clock}")
        night = f"{day}T23:59:59.999Z"
        yield {"type": "clock.ticked", "id": f"{name}:tick:{day}", "at": night, "conference": name}


def conference(name: str, said: list[Json]) -> list[Json]:
    """All events of the conference but the posts, by time."""
    everybody = accounts(said)
    hashtags = HASHTAGS[name]
    beside = [
        opened(name, hashtags, chats=hashtags),
        *registrations(name, everybody),
        *presences(name, everybody),
    ]
    return sorted(beside, key=itemgetter("at"))


def in_order(*parts: list[Json]) -> list[Json]:
    """One log out of several, by time; at one time in the order of the parts."""
    return sorted((event for part in parts for event in part), key=lambda event: event["at"][:19])
