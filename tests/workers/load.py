"""Load for several conferences at once, with posts that pass through the router, and unreadable records in between.

Responsibility: what is produced, how fast, and which results are expected; not how a worker works. Posts go to the
activity topic and reach every conference that tracks them; everything else goes to the conferences' logs.
"""

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from schemas.codec import Codec
from schemas.codec import Record as Event
from schemas.events import ActivityPosted
from schemas.outputs import AnyOutput
from schemas.position import Position
from schemas.times import format_time, millis
from schemas.topics import ACTIVITY, CONFERENCE_LOG, DEAD_LETTERS, MATCHES
from services.inbox.memory import MemoryInboxes
from services.inbox.port import Inboxes
from streams.matching import Matcher
from streams.matching.ids import match_id
from streams.routing import Router
from streams.workers.dead_letters import decode_dead_letter
from streams.workers.ports import Message
from streams.workers.recorded_outputs import decode_output
from tests.workers.running import Topics, until

CONFERENCES = ("north", "east", "south", "west")
POISON = (b"{", b'{"type": "no.such"}', b'{"type": "checkin.arrived", "id": "p", "at": "2026-03-09T10:00:00Z"}')
END = b"the end"
PEOPLE = 16
BEGINS = millis("2026-03-09T22:00:00Z")  # two hours before midnight: people know each other by posts of two days
BUDGET = {"per_hour": 1_000, "per_day": 10_000}


def _event(number: int, kind: str, **fields: Any) -> bytes:
    """An event; one every 10 seconds."""
    at = format_time(BEGINS + number * 10_000)
    return json.dumps({"type": kind, "id": f"e{number}-{kind}", "at": at, "recorded_at": at, **fields}).encode()


def beginning(conference: str) -> list[bytes]:
    """The conference and its people, who have the same accounts in each."""
    opening = {
        "name": "",
        "starts_at": format_time(BEGINS),
        "ends_at": format_time(BEGINS + 90_000_000),
        "time_zone": "UTC",
    }
    opening |= {"hashtags": ["hitsm"], "places": [{"place": "hall", "name": "Hall"}], "chats": [], "matching": BUDGET}
    lines = [_event(0, "conference.opened", conference=conference, **opening)]
    consent = {"matching": True, "chats": True, "share_place": True}
    for number in range(PEOPLE):
        person = {"conference": conference, "attendee": f"p{number}"}
        lines.append(_event(number + 1, "attendee.registered", **person, accounts=[], consent=consent))
        lines.append(_event(number + 1, "account.verified", **person, account=f"x:p{number}", method="post"))
    return lines


def middle(rng: random.Random, posts: int) -> list[tuple[str, Message]]:
    """Posts, check-ins, answers, two erasures: topic and message."""
    found = []
    for number in range(100, 100 + posts):
        a, b = rng.sample([f"p{number}" for number in range(PEOPLE)], 2)
        post = {"actor": f"x:{a}", "hashtags": ["hitsm"], "mentions": [f"x:{b}"], "id": f"x:{number}"}
        if rng.random() < 0.03:
            post = {"actor": f"x:{a}", "deleted": f"x:{rng.randint(100, number + 9)}"}
        kind = "activity.deleted" if "deleted" in post else "activity.posted"
        found.append((ACTIVITY, Message(f"x:{a}".encode(), _event(number, kind, **post))))
        conference, chance = rng.choice(CONFERENCES), rng.random()
        person = {"conference": conference, "attendee": a}
        line = _event(number, "checkin.arrived", **person, place="hall")
        if chance > 0.9:
            line = _event(number, "checkin.left", **person)
        elif chance > 0.6:
            one, other = sorted((a, b))
            answer = rng.choice(("accepted", "accepted", "declined", "later"))
            match = match_id(conference, one, other, 0)
            line = _event(number, "match.answered", **person, match=match, answer=answer)
        elif chance < 0.003:
            line = _event(number, "attendee.erased", **person)
        found.append((CONFERENCE_LOG, Message(conference.encode(), line)))
    return found


@dataclass
class Load:
    """What was accepted: per topic the messages, and how many nobody can read."""

    topics: Topics
    rng: random.Random
    sent: Counter[str] = field(default_factory=Counter)
    poison: Counter[str] = field(default_factory=Counter)

    async def produce(self, topic: str, messages: list[Message]) -> None:
        """As a gateway: what was not acknowledged is sent again, and is then there twice."""
        for message in list(messages):
            if self.rng.random() < 0.005:
                messages.append(Message(message.key, self.rng.choice(POISON)))
                self.poison[topic] += 1
        await self.topics.producer.produce(self.topics.prefix + topic, messages)
        self.sent[topic] += len(messages)

    async def opened(self) -> None:
        """The conferences and who is registered, before the first post comes."""
        for conference in CONFERENCES:
            await self.produce(CONFERENCE_LOG, [Message(conference.encode(), line) for line in beginning(conference)])

    async def run(self, posts: int, batch: int = 30, pause_s: float = 0.25) -> None:
        """Posts and all else, mixed."""
        waiting = middle(self.rng, posts)
        for start in range(0, len(waiting), batch):
            for topic in (CONFERENCE_LOG, ACTIVITY):
                messages = [message for of, message in waiting[start : start + batch] if of == topic]
                if messages:
                    await self.produce(topic, messages)
            await asyncio.sleep(pause_s)


async def ended(topics: Topics, topic: str, workers: list[object]) -> None:
    """Waits until a topic is handled to its end: behind each partition stands a record whose dead letter is awaited."""
    ends = await topics.reader.ends(topics.prefix + topic)
    last = [Message(b"", END, (), partition) for partition in ends]
    await topics.producer.produce(topics.prefix + topic, last)
    wanted = {(f"{topics.prefix}{topic}/{partition}", end) for partition, end in ends.items()}

    async def all_there() -> bool:
        found = [decode_dead_letter(raw) for log in await topics.all(DEAD_LETTERS) for raw in log]
        return wanted <= {(letter.source, letter.position) for letter in found if letter is not None}

    await until(all_there, workers=workers, every_s=0.3)  # type: ignore[arg-type]


async def letters(topics: Topics) -> Counter[str]:
    """How many dead letters of each topic; none twice."""
    found = [decode_dead_letter(raw) for log in await topics.all(DEAD_LETTERS) for raw in log]
    places = Counter((letter.source, letter.position) for letter in found if letter is not None)
    twice = {place: times for place, times in places.items() if times > 1}
    assert not twice, f"dead letters were written again: {twice}"
    return Counter(source.partition("/")[0].removeprefix(topics.prefix) for source, _ in places)


async def clean_fold(topics: Topics) -> dict[str, list[AnyOutput]]:
    """What a clean fold of the log as it is now tells."""
    codec, matchers, told = Codec(), {}, {name: list[AnyOutput]() for name in CONFERENCES}
    for log in await topics.all(CONFERENCE_LOG):
        for raw in log:
            record = codec.decode(raw.value) if isinstance(raw.value, bytes) else None
            if isinstance(record, Event) and record.event.conference is not None:
                name = record.event.conference
                matcher = matchers.setdefault(name, Matcher(name))
                recorded = raw.timestamp if record.recorded is None else record.recorded
                told[name] += matcher.apply(record.event, record.at, recorded)
    return told


async def told_once(topics: Topics) -> dict[str, list[AnyOutput]]:
    """What stands in the topic of matches: what comes at a position again must be the same."""
    first: dict[str, dict[tuple[int, int], AnyOutput]] = {name: {} for name in CONFERENCES}
    for log in await topics.all(MATCHES):
        for output in map(decode_output, log):
            if output is not None:
                known = first[output.conference].setdefault(Position.parse(output.position), output)
                assert known == output, "something was told otherwise"
    return {name: [output for _, output in sorted(found.items())] for name, found in first.items()}


async def routed(topics: Topics) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """The posts that should be in the logs, and those that are: (conference, id)."""
    codec, router = Codec(), Router()
    is_there: set[tuple[str, str]] = set()
    for log in await topics.all(CONFERENCE_LOG):
        for raw in log:
            record = codec.decode(raw.value) if isinstance(raw.value, bytes) else None
            if isinstance(record, Event) and record.event.conference is not None:
                if isinstance(record.event, ActivityPosted):
                    is_there.add((record.event.conference, record.event.id))
                else:
                    router.learn(record.event)
    should: set[tuple[str, str]] = set()
    for log in await topics.all(ACTIVITY):
        for raw in log:
            record = codec.decode(raw.value) if isinstance(raw.value, bytes) else None
            if isinstance(record, Event):
                copies = router.route(record.event)
                should |= {(name, copy.id) for name, copy in copies if isinstance(copy, ActivityPosted)}
    return should, is_there


async def same_inboxes(topics: Topics, store: Inboxes, told: dict[str, list[AnyOutput]]) -> bool:
    """Whether the store has what inboxes have that are made of a clean fold."""
    erased: dict[str, set[str]] = {name: set() for name in CONFERENCES}
    for log in await topics.all(CONFERENCE_LOG):
        for raw in log:
            if isinstance(raw.value, bytes) and b'"attendee.erased"' in raw.value:
                erased[raw.key.decode() if raw.key else ""].add(json.loads(raw.value)["attendee"])
    async with MemoryInboxes() as clean:
        for name, outputs in told.items():
            await clean.rebuild(name, outputs, erased[name])
            for attendee in sorted({who for output in outputs for who in output.to}):
                if await store.read(name, attendee) != await clean.read(name, attendee):
                    return False
                if await store.current(name, attendee) != await clean.current(name, attendee):
                    return False
    return True
