"""Who there is: attendees, most of them silent, and the voices who post, registered or not.

Responsibility: persons (numbers; attendees come first), their accounts, roles, chats, friends and days at the
conference.
There are no real names. Handles are made of syllables.

Numbers and reasons:
- Registered voices: a 15th of the attendees (HIMSS: about 3,000 of 45,000 post) and twice the square root,
  as a small conference is the community's own and more of it talks. Half as many
  again, and two a chat, are not registered: chats are larger than any one conference.
- Activity has a heavy tail: in the posts of five real conferences the top tenth of the actors wrote 0.7 of
  all posts, and more than half of the actors wrote one.
- Roles: two hosts a chat (more in large ones); 5 % vendors who blast, 8 % fans who are never answered, 12 %
  newcomers of the last six weeks; the rest are regulars. A third is in a second chat.
- Attendance: 8 % never come, 15 % come one day only, a fifth of the others misses the first day or the
  last: assumptions, chosen so that each kind is common enough to be seen.
"""

from dataclasses import dataclass, field
from enum import Enum
from math import isqrt

from services.tools.simulation.randomness import Chance, Draw, Quota
from services.tools.simulation.schedule import LEAD_DAYS, Program

MOST_FRIENDS = 40  # bounds the table of friends; the talk of one person reaches no more
MOST_ACTIVITY = 300
_SYLLABLES = "bacodufegihajokuleminoparisotuvewizo"


class Role(Enum):
    """How somebody posts."""

    HOST = "host"
    REGULAR = "regular"
    NEWCOMER = "newcomer"
    FAN = "fan"
    VENDOR = "vendor"


@dataclass(slots=True, eq=False)
class Voice:
    """Somebody who posts. A ``person`` below the number of attendees is registered; ``since`` is a day."""

    person: int
    accounts: tuple[str, ...]
    role: Role
    chats: tuple[int, ...]
    activity: int
    since: int
    friends: list["Voice"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody. ``comes``: a bit for each day an attendee comes; ``of``: registered voices by person."""

    attendees: int
    voices: list[Voice]
    of: dict[int, Voice]
    hosts: list[list[Voice]]
    comes: list[int]


def registered_voices(attendees: int) -> int:
    """How many of so many attendees post."""
    return min(attendees, attendees // 15 + isqrt(4 * attendees))


def attendee_id(person: int) -> str:
    """The public id of an attendee."""
    return f"a-{person + 1:05}"


def handle(chance: Chance, person: int, network: str = "x") -> str:
    """An invented account, of nobody else."""
    starts = [2 * chance.between(0, len(_SYLLABLES) // 2) for _ in range(3)]
    return f"{network}:{''.join(_SYLLABLES[start : start + 2] for start in starts)}{person}"


def cast(attendees: int, program: Program, seed: int, density: int = 1) -> Cast:
    """Everybody at a conference of that size. ``density`` above 1: all who post do so much alike, with many friends."""
    chance = Chance(seed, "people")
    count = registered_voices(attendees)
    persons = chance.shuffled(range(attendees))[:count]
    persons += range(attendees, attendees + count // 2 + 2 * len(program.chats))
    hosts: list[list[Voice]] = [[] for _ in program.chats]
    voices = _voices(chance, chance.shuffled(persons), hosts, MOST_ACTIVITY if density == 1 else 20)
    _befriend(chance, voices, len(program.chats), density)
    of = {voice.person: voice for voice in voices if voice.person < attendees}
    return Cast(attendees, voices, of, hosts, [_days(chance, program.days) for _ in range(attendees)])


def _voices(chance: Chance, persons: list[int], hosts: list[list[Voice]], most_activity: int) -> list[Voice]:
    chats = len(hosts)
    sizes = [12 // (1 + index) + 6 for index in range(chats)]  # older chats are larger
    homes = Draw(chance, range(chats), sizes)
    others = [
        (Role.VENDOR, Quota(chance, 0.05)),
        (Role.FAN, Quota(chance, 0.08)),
        (Role.NEWCOMER, Quota(chance, 0.12)),
    ]
    wanted = 2 + len(persons) // (150 * chats)
    voices = []
    for index, person in enumerate(persons):
        home = index % chats if index < 2 * chats else homes.one()
        hosting = len(hosts[home]) < wanted
        role = Role.HOST if hosting else next((role for role, quota in others if quota.due()), Role.REGULAR)
        chats_of = (home, homes.one()) if chance.likely(0.35) else (home,)
        voices.append(_voice(chance, person, role, chats_of, most_activity))
        if hosting:
            hosts[home].append(voices[-1])
    return voices


def _voice(chance: Chance, person: int, role: Role, chats: tuple[int, ...], most_activity: int) -> Voice:
    accounts: tuple[str, ...] = (handle(chance, person),)
    if chance.likely(0.12):  # people moved networks and kept both
        accounts += (handle(chance, person, "bsky"),)
    activity = chance.tail(most_activity)
    if role is Role.HOST:
        activity = max(activity, most_activity // 5)  # who hosts a weekly chat is there, and talks
    since = chance.between(-42, 1) if role is Role.NEWCOMER else -LEAD_DAYS
    return Voice(person, accounts, role, tuple(dict.fromkeys(chats)), activity, since)


def _befriend(chance: Chance, voices: list[Voice], chats: int, density: int) -> None:
    most = MOST_FRIENDS if density == 1 else 20 * density
    talkers = [voice for voice in voices if voice.role in (Role.HOST, Role.REGULAR, Role.NEWCOMER)]
    members: list[list[Voice]] = [[] for _ in range(chats)]
    for voice in talkers:
        for chat in voice.chats:
            members[chat].append(voice)
    draws = [Draw(chance, each, [20 + voice.activity for voice in each]) for each in members]
    for voice in talkers:
        for _ in range(2 + (min(10, voice.activity // 10) if density == 1 else 8 * density)):
            other = draws[chance.pick(voice.chats)].one()
            full = max(len(voice.friends), len(other.friends)) >= most
            if other is not voice and not full and other not in voice.friends:
                voice.friends.append(other)
                other.friends.append(voice)


def _days(chance: Chance, days: int) -> int:
    if chance.likely(0.08):
        return 0
    if days == 1 or chance.likely(0.15):
        return 1 << chance.between(0, days)
    first = 1 if chance.likely(0.1) else 0
    last = days - 1 if chance.likely(0.1) else days
    return ((1 << max(last, first + 1)) - 1) & ~((1 << first) - 1)
