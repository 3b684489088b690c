"""Crashes between any two steps: the outputs of the log are always those of a clean fold.

Each seed has its own logs, workers that start and stop, lost frames and failed commits.
"""

import asyncio
import json
import random
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pytest

from schemas.codec import Codec, encode_output
from schemas.codec import Record as Event
from schemas.position import Position
from schemas.times import millis
from schemas.topics import CONFERENCE_LOG, DEAD_LETTERS, MATCHES
from streams.matching import Matcher
from streams.matching.ids import match_id
from streams.workers.dead_letters import decode_dead_letter
from streams.workers.frames import Unreadable, end_of
from streams.workers.matcher import Limits, MatcherHandler
from streams.workers.ports import Message
from streams.workers.recorded_outputs import decode_output
from tests.histories.drawn import history
from tests.workers.driving import Group
from tests.workers.simulated import Broker, Ports, Record, partition_of

SEEDS = 1_000
BLOCK = 100
CONFERENCES = ("conf-a", "conf-b", "conf-c")
LIMITS = Limits(slice_records=7, outputs_per_write=3, snapshot_records=15, snapshot_s=2.0, revoke_records=5)


@lru_cache(maxsize=64)
def lines(seed: int, conference: str) -> tuple[bytes, ...]:
    """A conference's log."""
    found = []
    for event in history(seed, 16):
        event = {**event, "conference": conference}
        match = event.get("match")
        if match is not None and not isinstance(match, str):
            event["match"] = match_id(conference, *match)
        found.append(json.dumps(event).encode())
    return tuple(found)


def at_of(line: bytes) -> int:
    """When a line says that it happened: here also when the log took it, where it does not say."""
    return millis(json.loads(line)["at"])


@lru_cache(maxsize=64)
def clean(seed: int, conference: str) -> tuple[bytes, ...]:
    """The outputs of a conference's log, folded without any stop."""
    codec, matcher, told = Codec(), Matcher(conference), []
    for line in lines(seed, conference):
        record = codec.decode(line)
        assert isinstance(record, Event)
        recorded = at_of(line) if record.recorded is None else record.recorded
        told += [encode_output(output) for output in matcher.apply(record.event, record.at, recorded)]
    return tuple(told)


# Seeds of histories in which much is told (five outputs or more), found by looking.
TELLING = (3, 4, 20, 36, 37, 50, 64, 71, 82, 99, 107, 111, 131, 132, 168, 195)


def filled(rng: random.Random) -> tuple[Broker, dict[str, int], int]:
    """A broker with the logs of three conferences, shuffled together with what nobody can read."""
    broker, seeds = (
        Broker(now=millis("2026-03-09T12:00:00Z")),
        {conference: rng.choice(TELLING) for conference in CONFERENCES},
    )
    queues = {conference: list(lines(seed, conference)) for conference, seed in seeds.items()}
    poison = 0
    while any(queues.values()):
        conference = rng.choice([name for name, queue in queues.items() if queue])
        line = queues[conference].pop(0)
        broker.append(CONFERENCE_LOG, Message(conference.encode(), line), at_of(line))
        if rng.random() < 0.03:
            poison += 1
            value = rng.choice((b"{", b"", b'{"type": "clock.ticked"}', None))
            broker.append(CONFERENCE_LOG, Message(conference.encode(), value))
        if rng.random() < 0.01:
            poison += 1
            log = broker.topics[CONFERENCE_LOG][partition_of(conference)]
            end = end_of(log[-1])
            log.append(Record(end, None, Unreadable(end + 5, "its checksum is wrong.")))
    return broker, seeds, poison


def told(broker: Broker, conference: str) -> list[bytes]:
    """What was told first at each position; whatever comes there again must be the same."""
    first: dict[tuple[int, int], bytes] = {}
    for raw in broker.topics[MATCHES][partition_of(conference)]:
        output = decode_output(raw)
        assert output is not None
        if output.conference == conference:
            assert first.setdefault(Position.parse(output.position), raw.value) == raw.value
    return [value for _, value in sorted(first.items())]


async def run(seed: int) -> Counter[str]:
    """One seed."""
    rng = random.Random(seed)
    broker, seeds, poison = filled(rng)
    clock = iter(range(10**9))

    def made(ports: Ports) -> MatcherHandler:
        elapsed = lambda: float(next(clock)) / 50  # noqa: E731
        return MatcherHandler(ports, ports, ports, lambda: 0, elapsed, ticks=False, limits=LIMITS)

    group = Group(broker, rng, made, deadly=rng.choice((0.0, 0.01, 0.05)))
    await group.run()
    for conference, history_seed in seeds.items():
        assert told(broker, conference) == list(clean(history_seed, conference)), f"seed {seed}, {conference}"
    letters = [decode_dead_letter(raw) for log in broker.topics[DEAD_LETTERS] for raw in log]
    places = Counter((letter.source, letter.position) for letter in letters if letter is not None)
    assert set(places.values()) <= {1}, f"seed {seed}: a dead letter was written again"
    assert len(places) == poison, f"seed {seed}"
    return Counter(kills=group.kills, rebalances=group.rebalances, snapshots=len(broker.snapshots))


@pytest.mark.parametrize(
    "block", [0, *(pytest.param(block, marks=pytest.mark.slow) for block in range(1, SEEDS // BLOCK))]
)
def test_a_matcher_that_dies_between_any_two_steps_tells_what_a_clean_fold_tells(block: int) -> None:
    async def all_of_them() -> Counter[str]:
        seen: Counter[str] = Counter()
        for seed in range(block * BLOCK, (block + 1) * BLOCK):
            seen += await run(seed)
        return seen

    seen = asyncio.run(all_of_them())
    assert seen["kills"] > BLOCK / 2
    assert seen["rebalances"] > BLOCK
    assert seen["snapshots"] > BLOCK


POLICIES: tuple[dict[str, Any], ...] = ({}, {"per_hour": 1}, {"known_posts": 4, "known_days": 3}, {"presence_hours": 2})


async def run_under_changing_rules(seed: int) -> int:
    """Each worker that comes decides by rules of its own; what was told before stays."""
    rng = random.Random(seed)
    broker, _, _ = filled(rng)

    def made(ports: Ports) -> MatcherHandler:
        policy = rng.choice(POLICIES)
        return MatcherHandler(ports, ports, ports, lambda: 0, lambda: 0.0, ticks=False, limits=LIMITS, policy=policy)

    await Group(broker, rng, made, deadly=0.03).run()
    return sum(len(told(broker, conference)) for conference in CONFERENCES)  # looks whether any was told otherwise


def test_emitted_outputs_never_change_under_other_policies() -> None:
    async def all_of_them() -> int:
        return sum([await run_under_changing_rules(seed) for seed in range(60)])

    assert asyncio.run(all_of_them()) > 300


def test_committed_records_without_a_readable_snapshot_are_folded_again() -> None:
    async def lived() -> None:
        broker, seeds, _ = filled(random.Random(7))
        ports = Ports(broker, 1, random.Random(7), 0.0)

        def made() -> MatcherHandler:
            return MatcherHandler(ports, ports, ports, lambda: 0, lambda: 0.0, ticks=False, limits=LIMITS)

        group = Group(broker, random.Random(7), lambda _: made(), deadly=0.0)
        await group.run()
        before, ends = {name: told(broker, name) for name in seeds}, await ports.ends(CONFERENCE_LOG)
        for key, kept in broker.snapshots.items():  # as after an update that cannot read them
            broker.snapshots[key] = replace(kept, data=b"")
        matcher = made()
        await matcher.assign(list(ends))
        matcher.seek(dict(ends))
        await matcher.maintain()
        assert matcher.positions() == ends
        assert {name: told(broker, name) for name in seeds} == before
        assert sum(map(len, before.values())) > 0

    asyncio.run(lived())
