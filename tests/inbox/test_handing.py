"""What is delivered is handed to those who wait, without a reading; and whatever is in doubt is read."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import msgspec
import pytest

from services.inbox.port import Entry, Inboxes
from services.inbox.redis.inboxes import RedisInboxes
from services.inbox.redis.keys import HINTS
from services.inbox.waiters import MAX_PENDING_ENTRIES, Waiters
from tests.inbox.conftest import Stores
from tests.inbox.made import CONFERENCE, history, people, suggested
from tests.inbox.seen import awaited, until

PAIR = ("ada", "bob")
DELIVERIES = 40


def _readings(stores: Stores) -> int:
    """How often entries were asked for."""
    with stores.admin() as admin:
        return int(admin.info("commandstats").get("cmdstat_xrevrange", {"calls": 0})["calls"])


@asynccontextmanager
async def _following(inboxes: Inboxes, attendee: str) -> AsyncIterator[list[Entry]]:
    """A stream that never lets go, and what it has seen."""
    found: list[Entry] = []

    async def follow() -> None:
        async with aclosing(inboxes.follow(CONFERENCE, attendee, beat_s=60.0)) as stream:
            async for entries in stream:
                found.extend(entries)

    task = asyncio.create_task(follow())
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def _listening(stores: Stores) -> AsyncIterator[RedisInboxes]:
    async with stores.open() as inboxes:
        assert isinstance(inboxes, RedisInboxes)
        await inboxes.rebuild(CONFERENCE, [])
        await until(inboxes.hints.listening.is_set)
        yield inboxes


@awaited
async def test_who_waits_is_handed_what_a_reading_gives(over_redis: Stores) -> None:
    outputs = history(5, number=4, outputs=DELIVERIES)
    async with _listening(over_redis) as inboxes, _following(inboxes, people(4)[0]) as found:
        before = _readings(over_redis)
        for n, output in enumerate(outputs, 1):
            await inboxes.deliver(CONFERENCE, [output])
            wanted = [each.position for each in outputs[:n] if people(4)[0] in each.to]
            await until(lambda wanted=wanted: [entry.position for entry in found] == wanted)
        assert _readings(over_redis) - before < len(found) / 2
        assert [entry.cursor for entry in found] == list(range(1, len(found) + 1))


@awaited
async def test_what_is_handed_is_what_a_reading_gives_then(over_redis: Stores) -> None:
    outputs = history(5, number=4, outputs=DELIVERIES)
    async with _listening(over_redis) as inboxes, _following(inboxes, people(4)[0]) as found:
        for output in outputs:
            await inboxes.deliver(CONFERENCE, [output])
            if people(4)[0] in output.to:
                await until(lambda output=output: found and found[-1].position == output.position)
                (read,) = await inboxes.read(CONFERENCE, people(4)[0], found[-1].cursor - 1)
                assert msgspec.structs.replace(found[-1], new=False, live=False) == read
        assert any(entry.live for entry in found)


@awaited
async def test_a_match_that_was_there_before_is_not_new(over_redis: Stores) -> None:
    async with _listening(over_redis) as inboxes, _following(inboxes, "ada") as found:
        await until(lambda: len(inboxes.waiters) == 1)
        told: dict[str, bool] = {}
        for n in range(3, DELIVERIES):  # the first ones may be read: then nothing is known of it
            match = f"m{n % 10}"
            await inboxes.deliver(CONFERENCE, [suggested(f"{n}-0", PAIR, match)])
            entry = await until(lambda n=n: len(found) == n - 2 and found[-1])
            assert not (entry.new and match in told), "it was in the inbox already"
            told[match] = entry.new
        assert any(entry.new for entry in found)


@awaited
@pytest.mark.parametrize("seed", range(3))
async def test_several_deliver_and_the_line_breaks_each_entry_comes_once(over_redis: Stores, seed: int) -> None:
    chance, outputs = random.Random(seed), history(seed, outputs=300)
    async with _listening(over_redis) as inboxes, over_redis.open() as theirs, _following(inboxes, "ada") as none:
        attendees = people(6)
        async with _following(inboxes, attendees[seed]) as found, _following(inboxes, attendees[seed]) as second:
            at = 0
            while at < len(outputs):
                size = chance.choice((1, 2, 30))
                who = chance.choice((inboxes, inboxes, theirs))
                await who.deliver(CONFERENCE, outputs[max(0, at - chance.choice((0, 3))) : at + size])
                at += size
                if chance.random() < 0.1:
                    with over_redis.admin() as admin:
                        admin.client_kill_filter(_type="pubsub")
            wanted = [output.position for output in outputs if attendees[seed] in output.to]
            for seen in (found, second):
                await until(lambda seen=seen: len(seen) >= len(wanted))
                assert [entry.position for entry in seen] == wanted
        assert none == []


@awaited
async def test_a_slow_one_keeps_little_and_misses_nothing(over_redis: Stores) -> None:
    count = 3 * MAX_PENDING_ENTRIES
    async with _listening(over_redis) as inboxes, aclosing(inboxes.follow(CONFERENCE, "ada")) as stream:
        first = asyncio.create_task(anext(stream))
        await until(lambda: len(inboxes.waiters) == 1)
        await inboxes.deliver(CONFERENCE, [suggested("3-0", PAIR, "m3")])
        found = [*await first]
        for n in range(4, 4 + count):
            await inboxes.deliver(CONFERENCE, [suggested(f"{n}-0", PAIR, f"m{n}")])
        while len(found) <= count:
            found += await anext(stream)
        assert [entry.position for entry in found] == [f"{n}-0" for n in range(3, 4 + count)]


def test_whoever_takes_nothing_is_handed_little() -> None:
    waiters = Waiters()
    with waiters.register(CONFERENCE, "ada") as waiter:
        waiter.note_read("3-0")
        for n in range(4, 1_000):
            entry = Entry(f"{n}-0", n, b"{}", "suggested", "m1", "bob")
            waiters.hand(CONFERENCE, f"{n - 1}-0", f"{n}-0", [("ada", entry)])
            if n == 3 + MAX_PENDING_ENTRIES:
                assert waiter.reach == (n, 0)
        assert waiter.reach is None, "it has to read"
        assert len(waiter.take_entries()) <= MAX_PENDING_ENTRIES


@awaited
async def test_nothing_is_believed_that_the_store_does_not_have(over_redis: Stores) -> None:
    def said(before: str, upto: str) -> bytes:
        entry = [upto, "ada", "suggested", "m9", "bob", True, "{}"]
        return msgspec.msgpack.encode([CONFERENCE, before, upto, [entry]])

    async with _listening(over_redis) as inboxes, _following(inboxes, "ada") as found:
        await until(lambda: len(inboxes.waiters) == 1)
        await inboxes.deliver(CONFERENCE, [suggested("3-0", PAIR, "m3")])
        with over_redis.admin() as admin:
            admin.publish(HINTS, said("50-0", "51-0"))  # what came before it was never told
            admin.publish(HINTS, b"conf-1 ada")  # another version's
            admin.publish(HINTS, b"\xff\x00")
        await inboxes.deliver(CONFERENCE, [suggested("4-0", PAIR, "m4")])
        await until(lambda: len(found) >= 2)
        assert [entry.position for entry in found] == ["3-0", "4-0"]
