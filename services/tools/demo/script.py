"""The demo's script as data: the posts before, the day, and whose pages the viewer gets. It sends nothing; now is
given.

Why: the day is played on the server's clock, so the half year before it is moved to end now, by whole weeks of local
time: a post in a chat's hour stays in it across clock changes. The engine itself says who knows whom, so the first card
is certain: the play starts as the second of two who know each other walks in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import to_builtins
from msgspec.structs import replace

from schemas.events import AttendeeRegistered, ConferenceOpened, Place
from schemas.policy import Policy
from schemas.times import DAY_MS, HOUR_MS, MINUTE_MS, format_time, millis
from schemas.zones import zone
from services.tools.demo.badges import GONE, BadgeDay
from services.tools.demo.cast import Company, Post
from services.tools.simulation.schedule import TAG, moment
from streams.matching import Matcher
from streams.matching.explanation.listing import ties_of

CONFERENCE, NAME = "badge-days", "Badge Days"
END_S = 17 * 3_600 + 1_800  # of the day; after that people only go
MOST_CARDS = 8  # an hour, for each: the default of three would end the viewer's day in its first minutes
LATEST_START_S = 12 * 3_600
WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Moved:
    """Somebody's badge is heard at a place, or (``place`` None) no more."""

    person: int
    place: str | None


@dataclass(frozen=True, slots=True)
class Script:
    """``viewers``: who is played by hand. ``early``: who is in before; ``day``: (second of the day, what), in order."""

    company: Company
    opening: dict[str, Any]
    before: list[Post]
    viewers: tuple[int, int]
    start_s: int
    early: list[Moved]
    day: list[tuple[int, Moved | Post]]


def script(badges: BadgeDay, seed: int, now: int, time_zone: str) -> Script:
    """The whole play, as of ``now`` (ms since 1970)."""
    company = Company(badges, seed)
    opened = _opening_event(company, badges, now, time_zone)
    doors = moment(0, 9 * 60)
    before = [_move_post(post, opened, now) for at, post in company.posts if at < doors]
    viewers, start = _viewers(company, badges, opened, before)
    moves = list(_moves(badges, viewers))
    early = [move for second, move in moves if second < start]
    said = [((at - moment(0, 0)) // 1_000, replace(post, conference=CONFERENCE)) for at, post in company.posts]
    day: list[tuple[int, Moved | Post]] = [each for each in [*moves, *said] if start <= each[0] < END_S]
    fields = to_builtins(opened)
    opening = {name: fields[name] for name in _OPENING if name in fields}
    return Script(company, opening, before, viewers, start, early, sorted(day, key=lambda each: each[0]))


_OPENING = ("name", "hashtags", "starts_at", "ends_at", "time_zone", "places", "chats", "matching")


def _opening_event(company: Company, badges: BadgeDay, now: int, time_zone: str) -> ConferenceOpened:
    places = tuple(Place(place=_id(name), name=name) for name in badges.places)
    return ConferenceOpened(
        id="opened",
        at=format_time(now - 400 * DAY_MS),
        conference=CONFERENCE,
        name=NAME,
        hashtags=(TAG,),
        starts_at=format_time(now - HOUR_MS),
        ends_at=format_time(now + 12 * HOUR_MS),
        time_zone=time_zone,
        places=places,
        chats=company.plan.chats,
        matching=Policy(accounts="claimed", per_hour=MOST_CARDS),
    )


def _moves(badges: BadgeDay, viewers: tuple[int, int]) -> Iterator[tuple[int, Moved]]:
    """Viewers come by their badges; where they go then, they say by hand."""
    come: set[int] = set()
    for second, person, place in badges.moves:
        if person not in come or person not in viewers:
            yield second, Moved(person, _place(badges, place))
        come.add(person)


def _id(place: str) -> str:
    return place.lower().replace(" ", "-")


def _place(badges: BadgeDay, place: int) -> str | None:
    return None if place == GONE else _id(badges.places[place])


def _move_post(post: Post, opened: ConferenceOpened, now: int) -> Post:
    """The same post so many weeks later that the conference is now."""
    local = zone(opened.chats[0].time_zone or "UTC")
    weeks = (now - moment(0, 0)) // (7 * DAY_MS)
    at = min(_later(millis(post.at), weeks, local), now - MINUTE_MS)
    return replace(post, at=format_time(at), conference=CONFERENCE)


def _later(at: int, weeks: int, local: ZoneInfo) -> int:
    here = datetime.fromtimestamp(at // 1_000, UTC).astimezone(local) + weeks * WEEK  # wall time
    return int(here.timestamp()) * 1_000 + at % 1_000


# -- whose pages the viewer gets -------------------------------------------------------------------------------------


def _viewers(
    company: Company, badges: BadgeDay, opened: ConferenceOpened, before: list[Post]
) -> tuple[tuple[int, int], int]:
    """Two who know each other and stay, and when the second one comes. Both have room for all whom they know; of those
    whom the first one knows nobody else is there yet, and as many as possible come later."""
    comes: dict[int, int] = {}
    for second, person, _ in badges.moves:
        comes.setdefault(person, second)
    gone = {person for _, person, place in badges.moves if place == GONE}
    knows = _find_acquaintances(company, opened, before)
    found: list[tuple[int, int, tuple[int, int]]] = []
    for a, others in knows.items():
        for b in others:
            start = max(comes[a], comes[b])
            later = sum(start < comes[other] < END_S for other in others)
            alone = all(comes[other] > start for other in others - {b})
            fit = all(_shows_all(company, who) and len(knows[who]) <= MOST_CARDS for who in (a, b))
            if alone and fit and start < LATEST_START_S and not gone & {a, b}:
                found.append((later, -start, (a, b)))
    _, start, pair = max(found)
    return pair, -start


def _shows_all(company: Company, person: int) -> bool:
    who = company.people[person]
    return who.show_name and who.consent.matching and who.consent.chats and who.consent.share_place


def _find_acquaintances(company: Company, opened: ConferenceOpened, before: list[Post]) -> dict[int, set[int]]:
    """Who knows whom, of those who may be matched."""
    matcher = Matcher(CONFERENCE)
    matcher.apply(opened, millis(opened.at), None)
    for who in company.people:
        event = AttendeeRegistered(
            id=f"r-{who.number}",
            at=opened.at,
            conference=CONFERENCE,
            attendee=str(who.number),
            accounts=who.accounts,
            consent=who.consent,
        )
        matcher.apply(event, millis(event.at), None)
    for post in before:
        matcher.apply(post, millis(post.at), None)
    knows: dict[int, set[int]] = {}
    for a, b in _pairs(matcher):
        if company.people[a].consent.matching and company.people[b].consent.matching:
            knows.setdefault(a, set()).add(b)
            knows.setdefault(b, set()).add(a)
    return knows


def _pairs(matcher: Matcher) -> Iterator[tuple[int, int]]:
    return ((int(tie.a), int(tie.b)) for tie in ties_of(matcher))
