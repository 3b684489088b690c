"""The people of the demo's conference and what they said online before: invented, on top of the real badges.

Responsibility: names, accounts, consents, badges, posts. No real name, no clock.
Why: the chats are those of ``services.tools.simulation``. Only badges are not assigned by chance: friends and people of
one chat get badges that stood together, the longer the better, because wherever both were measured, people who meet
also talk online more. Most who talk have still never stood together: those are the people whom Hallway is for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from schemas.codec import Codec, Record
from schemas.events import Activity, Consent
from services.tools.demo.badges import BadgeDay
from services.tools.demo.pseudonyms import Pseudonyms
from services.tools.simulation.chats import FIRST_TALK_DAY, Chats
from services.tools.simulation.log import Log
from services.tools.simulation.people import Cast, Voice, cast, registered_voices
from services.tools.simulation.posts import Posts
from services.tools.simulation.randomness import Chance
from services.tools.simulation.schedule import Program, program
from services.tools.simulation.ties import Ties

Post = Activity
POSTS = 12_000  # of the half year and the day; a fifth of them falls on the day
SURE_CONTACTS = 30  # ten minutes face to face: longer says no more
FRIEND = 3  # so many times as close as somebody of the same chat


@dataclass(frozen=True, slots=True)
class Person:
    """As the organizer registers them. ``number`` is that of the badge."""

    number: int
    name: str
    accounts: tuple[str, ...]
    consent: Consent
    show_name: bool


class Company:
    """Everybody with a badge; the same for the same day and seed."""

    def __init__(self, day: BadgeDay, seed: int) -> None:
        self._seed = seed
        self.plan: Program = program(day.people, registered_voices(day.people), 1)
        self._cast: Cast = cast(day.people, self.plan, seed)
        self._seats = _assign_badges(self._cast, day)
        chance, names = Chance(seed, "consents"), Pseudonyms()
        self.people = [self._person(number, names(str(number)), chance) for number in range(day.people)]

    def _person(self, number: int, name: str, chance: Chance) -> Person:
        voice = self._seats.get(number)
        consent = Consent(matching=chance.likely(0.92), chats=chance.likely(0.8), share_place=chance.likely(0.8))
        return Person(number, name, voice.accounts if voice else (), consent, chance.likely(0.9))

    @cached_property
    def posts(self) -> list[tuple[int, Post]]:
        """What was said until the evening of the day: (when it came, in ms of the simulation; post), in order."""
        log = Log()
        ties = Ties(len(self.people))
        chats = Chats(self._cast, self.plan, Posts(log, ties, self._seed), ties, POSTS, self._seed)
        for day in range(FIRST_TALK_DAY, 1):
            chats.day(day)
        return list(_read(log))


def _read(log: Log) -> Iterator[tuple[int, Post]]:
    codec = Codec()
    for line in log.rest():
        record = codec.decode(line.rstrip())
        assert isinstance(record, Record)
        assert isinstance(record.event, Activity)
        assert record.recorded is not None
        yield record.recorded, record.event


def _assign_badges(cast: Cast, day: BadgeDay) -> dict[int, Voice]:
    """Badge -> voice. The most active first; each takes the free badge that stood longest with those of its people."""
    stood: dict[int, dict[int, int]] = {person: {} for person in range(day.people)}
    for a, b, times in day.contacts:
        stood[a][b] = stood[b][a] = min(times, SURE_CONTACTS)
    seats: dict[int, Voice] = {}
    for voice in sorted(cast.of.values(), key=lambda each: (-each.activity, each.person)):
        free = [badge for badge in stood if badge not in seats]
        seats[max(free, key=lambda badge: (_closeness(voice, stood[badge], seats), len(stood[badge]), -badge))] = voice
    return seats


def _closeness(voice: Voice, stood: dict[int, int], seats: dict[int, Voice]) -> int:
    near = ((seats[badge], times) for badge, times in stood.items() if badge in seats)
    return sum(times * (FRIEND * (other in voice.friends) + (other.chats[0] in voice.chats)) for other, times in near)
