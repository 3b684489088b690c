"""A conference is erased while workers start, stop and die: nothing of it is stored, no other conference loses data."""

import asyncio
import json
import random
from typing import Any

from schemas.outputs import AnyOutput
from schemas.topics import CONFERENCE_ERASED, CONFERENCE_LOG, MATCHES
from services.inbox.memory import MemoryInboxes
from streams.workers.delivery import DeliveryHandler
from streams.workers.delivery import Limits as DeliveryLimits
from streams.workers.matcher import MatcherHandler
from streams.workers.ports import Message
from streams.workers.recorded_outputs import decode_output
from streams.workers.router import RouterHandler
from tests.routing.conftest import AT
from tests.workers.driving import Group
from tests.workers.simulated import Broker, Ports, RowPorts, partition_of
from tests.workers.test_simulated_routing import Store, opened, places
from tests.workers.test_simulated_routing import told as delivered_outputs
from tests.workers.test_simulation import LIMITS, at_of, clean, filled, lines, told

SEEDS = 60
GONE = "conf-b"


def erase(broker: Broker) -> None:
    """The record that erases it."""
    broker.append(CONFERENCE_LOG, Message(GONE.encode(), None, (("type", CONFERENCE_ERASED.encode()),)))


# -- matchers ---------------------------------------------------------------------------------------------------------


async def matched(seed: int) -> int:
    rng = random.Random(seed)
    broker, seeds, poison = filled(rng)
    erase(broker)
    for line in rng.choices(lines(seeds[GONE], GONE), k=10):  # whoever writes to it still
        broker.append(CONFERENCE_LOG, Message(GONE.encode(), line), at_of(line))
    if rng.random() < 0.5:
        erase(broker)
    clock = iter(range(10**9))
    last: list[MatcherHandler] = []

    def made(ports: Ports) -> MatcherHandler:
        elapsed = lambda: float(next(clock)) / 50  # noqa: E731
        last.append(MatcherHandler(ports, ports, ports, lambda: 0, elapsed, ticks=False, limits=LIMITS))
        return last[-1]

    group = Group(broker, rng, made, deadly=rng.choice((0.0, 0.01, 0.05)))
    await group.run()
    for name in seeds:
        expected = list(clean(seeds[name], name))
        assert told(broker, name) == expected[: len(told(broker, name))], f"seed {seed}, {name}"
        assert name == GONE or len(told(broker, name)) == len(expected), f"seed {seed}, {name}"
    assert [key for key in broker.snapshots if key[1] == GONE] == [], f"seed {seed}"
    assert broker.checkpoints[partition_of(GONE)].erased == (GONE,), f"seed {seed}"
    assert len(places(broker)) == poison, f"seed {seed}: the record that erases is no dead letter"
    return group.kills


def test_matchers_that_die_keep_no_snapshot_of_it_and_tell_nothing_more() -> None:
    async def all_of_them() -> int:
        return sum([await matched(seed) for seed in range(SEEDS)])

    assert asyncio.run(all_of_them()) > SEEDS / 2


# -- deliveries -------------------------------------------------------------------------------------------------------


class ErasingStore(Store):
    """Erases the conference in the log at some moment in between."""

    when = 0

    @property
    def _store(self) -> MemoryInboxes:  # type: ignore[override]
        ErasingStore.when -= 1
        if ErasingStore.when == 0:
            erase(self._ports.broker)
        return super()._store


async def delivered(seed: int) -> int:
    rng = random.Random(seed)
    broker, outputs, erased, _ = delivered_outputs(rng)
    kept, ErasingStore.when = [MemoryInboxes()], rng.randint(1, 60)

    def made(ports: Ports) -> DeliveryHandler:
        limits = DeliveryLimits(batch_outputs=3, check_interval_s=0.0, queue_batches=2)
        store = ErasingStore(rng, ports, kept)
        return DeliveryHandler(ports, ports, ports, store, partition_of, lambda: 0.0, limits=limits)

    group = Group(broker, rng, made, deadly=rng.choice((0.0, 0.02, 0.05)))
    await group.run()
    if ErasingStore.when > 0:
        erase(broker)
    await group.run()  # it may have come with the very last step
    people = {who for output in _outputs(broker, GONE) for who in output.to}
    assert await kept[0].checkpoint(GONE) is None, f"seed {seed}"
    assert GONE not in kept[0]._conferences, f"seed {seed}: something of {sorted(people)} is left"
    for name in outputs.keys() - {GONE}:
        expected = MemoryInboxes()
        in_order = {output.position: output for output in _outputs(broker, name)}.values()
        await expected.rebuild(name, sorted(in_order, key=_place), erased[name])
        for attendee in sorted({who for output in in_order for who in output.to}):
            assert await kept[0].current(name, attendee) == await expected.current(name, attendee), f"seed {seed}"
    return group.kills


def _outputs(broker: Broker, name: str) -> list[AnyOutput]:
    found = [decode_output(raw) for raw in broker.topics[MATCHES][partition_of(name)]]
    return [output for output in found if output is not None and output.conference == name]


def _place(output: AnyOutput) -> list[int]:
    return [int(part) for part in output.position.split("-")]


def test_deliveries_that_die_leave_no_inbox_of_it() -> None:
    async def all_of_them() -> int:
        return sum([await delivered(seed) for seed in range(SEEDS)])

    assert asyncio.run(all_of_them()) > SEEDS / 4


# -- routers ----------------------------------------------------------------------------------------------------------


def said(kind: str, **fields: Any) -> Message:
    event = {"type": kind, "id": kind, "at": AT, "conference": GONE, **fields}
    return Message(GONE.encode(), json.dumps(event).encode(), (("type", kind.encode()),))


def test_a_router_forgets_its_people_in_memory_and_in_its_snapshot() -> None:
    broker = opened()
    ports = Ports(broker, 1, random.Random(0), 0.0)
    consent = {"matching": True, "chats": True, "share_place": True}
    posted = {"actor": "p:eve", "hashtags": ["two"], "mentions": []}
    for kind, fields in (
        ("attendee.registered", {"attendee": "a-1", "accounts": ["p:ada"], "consent": consent}),
        ("activity.posted", posted),
        ("conference.closed", {}),
    ):
        broker.append(CONFERENCE_LOG, said(kind, **fields))

    async def kept(router: RouterHandler) -> bytes:
        await router.start()
        await router.maintain()
        return b"".join(kept.data for (_, name, _), kept in broker.snapshots.items() if name == "~router")

    def made() -> RouterHandler:
        return RouterHandler(ports, ports, ports, RowPorts(ports))

    async def lived() -> None:
        router = made()
        assert await kept(router) == b""
        assert b"p:ada" in router._router.save()
        assert b'["p:eve",["conf-b"]]' in router._router.save()
        erase(broker)
        await router.maintain()
        for known in (await kept(router), await kept(made())):
            assert b"p:ada" not in known
            assert b"p:eve" not in known
            assert b'"ended":["conf-b"]' in known

    asyncio.run(lived())
