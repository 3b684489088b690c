"""Routers and deliveries that die between any two steps: every post gets to its conferences, every inbox is correct."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterable, Collection, Iterable, Sequence
from typing import Any

from schemas.codec import Codec
from schemas.codec import Record as Event
from schemas.events import ActivityDeleted, ActivityPosted
from schemas.outputs import AnyOutput
from schemas.topics import ACTIVITY, CONFERENCE_LOG, DEAD_LETTERS, MATCHES
from services.inbox.memory import MemoryInboxes
from streams.routing import Router
from streams.runtime.inboxes import InboxUnavailableError
from streams.workers.dead_letters import decode_dead_letter
from streams.workers.delivery import DeliveryHandler, Limits
from streams.workers.ports import Message
from streams.workers.recorded_outputs import decode_output
from streams.workers.router import RouterHandler
from tests.routing.conftest import AT
from tests.workers.driving import Group
from tests.workers.simulated import Broker, Ports, RowPorts, partition_of
from tests.workers.test_simulation import CONFERENCES, TELLING, clean

SEEDS = 150
TAGS = {"conf-a": "one", "conf-b": "two", "conf-c": "three"}
ACTORS = [f"x:{name}" for name in "abcdef"]


def places(broker: Broker) -> Counter[tuple[str, int]]:
    letters = [decode_dead_letter(raw) for log in broker.topics[DEAD_LETTERS] for raw in log]
    return Counter((letter.source, letter.position) for letter in letters if letter is not None)


def opened() -> Broker:
    """A broker in whose log the conferences are opened."""
    broker = Broker()
    for name, tag in TAGS.items():
        opening: dict[str, Any] = {"type": "conference.opened", "id": name, "at": AT, "conference": name, "name": ""}
        opening |= {"hashtags": [tag], "starts_at": AT, "ends_at": AT, "time_zone": "UTC", "places": [], "chats": []}
        headers = (("type", b"conference.opened"),)
        broker.append(CONFERENCE_LOG, Message(name.encode(), json.dumps(opening).encode(), headers))
    return broker


# -- routers ----------------------------------------------------------------------------------------------------------


def activity(rng: random.Random) -> tuple[Broker, int]:
    """Three conferences, and posts and deletions of some actors."""
    broker, poison = opened(), 0
    for number in range(80):
        actor = rng.choice(ACTORS)
        event: dict[str, Any] = {"type": "activity.posted", "id": f"x:{number}", "at": AT, "actor": actor}
        event |= {"hashtags": rng.sample([*TAGS.values(), "four"], rng.randint(0, 2)), "mentions": []}
        if rng.random() < 0.3:
            event = {"type": "activity.deleted", "id": f"d{number}", "at": AT, "actor": actor}
            event["deleted"] = f"x:{rng.randint(0, 80)}"
        value = json.dumps(event).encode()
        if rng.random() < 0.05:
            value, poison = b"{", poison + 1
        broker.append(ACTIVITY, Message(actor.encode(), value))
    return broker, poison


def should_be(broker: Broker) -> dict[str, list[tuple[str, str]]]:
    """What a router that nothing happens to puts into each log: kind and id, each once."""
    codec, router, logs = Codec(), Router(), {name: dict[tuple[str, str], None]() for name in TAGS}
    for topic in (CONFERENCE_LOG, ACTIVITY):
        for log in broker.topics[topic]:
            for raw in log:
                record = codec.decode(raw.value)
                if isinstance(record, Event):
                    for name, copy in router.route(record.event):
                        logs[name][kind_of(copy), copy.id] = None
    return {name: list(found) for name, found in logs.items()}


def kind_of(event: Any) -> str:
    return str(event.__struct_config__.tag)


async def routed(seed: int) -> int:
    rng = random.Random(seed)
    broker, poison = activity(rng)
    expected = should_be(broker)

    def made(ports: Ports) -> RouterHandler:
        return RouterHandler(ports, ports, ports, RowPorts(ports))

    group = Group(broker, rng, made, deadly=rng.choice((0.0, 0.01, 0.05)))
    await group.run()
    codec = Codec()
    found: dict[str, list[Any]] = {name: [] for name in TAGS}
    for log in broker.topics[CONFERENCE_LOG]:
        for raw in log:
            record = codec.decode(raw.value)
            assert isinstance(record, Event)
            assert record.event.conference is not None
            found[record.event.conference].append(record.event)
    for name, events in found.items():
        there = {(kind_of(event), event.id) for event in events}
        assert set(expected[name]) <= there, f"seed {seed}: {name} lacks something"
        assert {pair for pair in there if pair[0] == "activity.posted"} <= set(expected[name]), f"seed {seed}: {name}"
        deleted_first(events, before_their_posts(broker), f"seed {seed}, {name}")
    assert set(places(broker).values()) <= {1}
    assert len(places(broker)) == poison
    return group.kills


def before_their_posts(broker: Broker) -> list[ActivityDeleted]:
    """The deletions that came before the posts that they delete."""
    codec, posts, early = Codec(), set[tuple[str, str]](), []
    for log in broker.topics[ACTIVITY]:
        for raw in log:
            record = codec.decode(raw.value)
            event = record.event if isinstance(record, Event) else None
            if isinstance(event, ActivityPosted):
                posts.add((event.actor, event.id))
            elif isinstance(event, ActivityDeleted) and (event.actor, event.deleted) not in posts:
                early.append(event)
    return early


def deleted_first(events: list[Any], early: list[ActivityDeleted], where: str) -> None:
    """A post that came after its deletion never stands in a log without it before."""
    for deletion in early:
        order = [event for event in events if getattr(event, "actor", "") == deletion.actor]
        ids = [event.deleted if isinstance(event, ActivityDeleted) else event.id for event in order]
        if deletion.deleted in ids:
            assert isinstance(order[ids.index(deletion.deleted)], ActivityDeleted), where


def test_routers_that_die_put_every_post_where_it_belongs() -> None:
    async def all_of_them() -> int:
        return sum([await routed(seed) for seed in range(SEEDS)])

    assert asyncio.run(all_of_them()) > SEEDS / 2


# -- deliveries -------------------------------------------------------------------------------------------------------


Outputs = Iterable[AnyOutput] | AsyncIterable[AnyOutput]


class Store:
    """Inboxes that may be away, or be emptied, and outlive the workers."""

    def __init__(self, rng: random.Random, ports: Ports, kept: list[MemoryInboxes]) -> None:
        self._rng, self._ports, self._kept = rng, ports, kept

    @property
    def _store(self) -> MemoryInboxes:
        self._ports.step()
        if self._ports.deadly and self._rng.random() < 0.01:
            self._kept[0] = MemoryInboxes()
        if self._ports.deadly and self._rng.random() < 0.05:
            raise InboxUnavailableError("away")
        return self._kept[0]

    async def deliver(self, conference: str, outputs: Sequence[AnyOutput], erased: Collection[str] = ()) -> str:
        return await self._store.deliver(conference, outputs, erased)

    async def checkpoint(self, conference: str) -> str | None:
        return await self._store.checkpoint(conference)

    async def erase(self, conference: str, attendee: str) -> None:
        await self._store.erase(conference, attendee)

    async def rebuild(self, conference: str, outputs: Outputs, erased: Collection[str] = ()) -> str:
        return await self._store.rebuild(conference, outputs, erased)

    async def forget(self, conference: str) -> None:
        await self._store.forget(conference)


def told(rng: random.Random) -> tuple[Broker, dict[str, list[bytes]], dict[str, set[str]], int]:
    """Outputs of three conferences, some again, some that are none; and erasures in the log."""
    broker, poison = opened(), 0
    outputs = {name: list(clean(rng.choice(TELLING), name)) for name in CONFERENCES}
    erased: dict[str, set[str]] = {name: set() for name in CONFERENCES}
    queues = {name: list(found) for name, found in outputs.items()}
    while any(queues.values()):
        name = rng.choice([name for name, queue in queues.items() if queue])
        value = queues[name].pop(0)
        broker.append(MATCHES, Message(name.encode(), value))
        if rng.random() < 0.2:
            done = outputs[name][: len(outputs[name]) - len(queues[name])]
            broker.append(MATCHES, Message(name.encode(), rng.choice(done)))
        if rng.random() < 0.05:
            broker.append(MATCHES, Message(name.encode(), b"{}"))
            poison += 1
        if rng.random() < 0.1:
            erased[name].add("p1")
            event = {"type": "attendee.erased", "id": f"e{len(erased)}", "at": AT, "conference": name}
            broker.append(CONFERENCE_LOG, Message(name.encode(), json.dumps({**event, "attendee": "p1"}).encode()))
    return broker, outputs, erased, poison


async def delivered(seed: int) -> int:
    rng = random.Random(seed)
    broker, outputs, erased, poison = told(rng)
    kept = [MemoryInboxes()]

    def made(ports: Ports) -> DeliveryHandler:
        store = Store(rng, ports, kept)
        limits = Limits(batch_outputs=3, check_interval_s=0.0, queue_batches=2)
        return DeliveryHandler(ports, ports, ports, store, partition_of, lambda: 0.0, limits=limits)

    group = Group(broker, rng, made, deadly=rng.choice((0.0, 0.02, 0.05)))
    await group.run()
    for name, lines_of in outputs.items():
        found = [decode_output(raw) for raw in broker.topics[MATCHES][partition_of(name)]]
        own = {output.position: output for output in found if output is not None and output.conference == name}
        assert len(own) == len(lines_of)
        clean_store = MemoryInboxes()
        in_order = sorted(own.values(), key=lambda output: [int(part) for part in output.position.split("-")])
        await clean_store.rebuild(name, in_order, erased[name])
        for attendee in sorted({who for output in in_order for who in output.to}):
            assert await kept[0].read(name, attendee) == await clean_store.read(name, attendee), f"seed {seed}"
            assert await kept[0].current(name, attendee) == await clean_store.current(name, attendee), f"seed {seed}"
    assert set(places(broker).values()) <= {1}
    assert len(places(broker)) == poison
    return group.kills


def test_deliveries_that_die_make_the_inboxes_that_a_clean_replay_makes() -> None:
    async def all_of_them() -> int:
        return sum([await delivered(seed) for seed in range(SEEDS)])

    assert asyncio.run(all_of_them()) > SEEDS / 4
