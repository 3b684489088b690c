"""The lines to Redis: cut, silent, cancelled in the middle; and what is left in it of the erased."""

import asyncio

from services.inbox.redis.inboxes import RedisInboxes
from tests.inbox.conftest import QUICK, Stores
from tests.inbox.made import CONFERENCE, history, people, suggested
from tests.inbox.seen import all_of, awaited, until

PAIR = ("ada", "bob")


@awaited
async def test_a_cut_line_of_hints_costs_nothing(over_redis: Stores) -> None:
    async with over_redis.open() as inboxes:
        assert isinstance(inboxes, RedisInboxes)
        await inboxes.rebuild(CONFERENCE, [])
        await until(inboxes.hints.listening.is_set)
        stream = asyncio.create_task(all_of(inboxes, "ada", [suggested("9-0", PAIR)]))
        await until(lambda: len(inboxes.waiters) == 1)
        with over_redis.admin() as admin:
            for n in range(3, 10):
                admin.client_kill_filter(_type="pubsub")
                await inboxes.deliver(CONFERENCE, [suggested(f"{n}-0", PAIR, f"m{n}")])
        assert await stream == [f"{n}-0" for n in range(3, 10)]


@awaited
async def test_a_quiet_line_of_hints_is_asked_whether_it_lives(over_redis: Stores) -> None:
    async with over_redis.open(limits=QUICK) as inboxes:
        assert isinstance(inboxes, RedisInboxes)
        await until(inboxes.hints.listening.is_set)
        with over_redis.admin() as admin:
            before = _line_of_hints(admin.client_list())
            await until(lambda: _line_of_hints(admin.client_list())["cmd"] == "ping")
            assert _line_of_hints(admin.client_list())["id"] == before["id"]


def _line_of_hints(lines: list[dict[str, str]]) -> dict[str, str]:
    (found,) = [line for line in lines if line["sub"] != "0"]
    return found


@awaited
async def test_reads_given_up_do_not_mix_up_answers(over_redis: Stores) -> None:
    who = people(40)
    pairs = list(zip(who[::2], who[1::2], strict=True))
    async with over_redis.open() as inboxes:
        await inboxes.rebuild(CONFERENCE, [suggested(f"{n}-0", pair, f"m{n}") for n, pair in enumerate(pairs, 3)])
        for round_ in range(30):
            reads = [asyncio.create_task(inboxes.read(CONFERENCE, attendee)) for attendee in who]
            for _ in range(round_ % 5):
                await asyncio.sleep(0)
            for given_up in reads[:: 2 + round_ % 3]:
                given_up.cancel()
            for number, found in enumerate(await asyncio.gather(*reads, return_exceptions=True)):
                if not isinstance(found, BaseException):
                    assert [entry.position for entry in found] == [f"{number // 2 + 3}-0"]


@awaited
async def test_a_cancelled_delivery_ends(over_redis: Stores) -> None:
    outputs = history(17, outputs=60)
    async with over_redis.open() as inboxes:
        await inboxes.rebuild(CONFERENCE, [])

        async def deliver_for_ever() -> None:
            while True:
                await inboxes.deliver(CONFERENCE, outputs)

        for yields in range(120):
            delivery = asyncio.create_task(deliver_for_ever())
            for _ in range(yields):
                await asyncio.sleep(0)
            delivery.cancel()
            assert await asyncio.wait([delivery], timeout=5) == ({delivery}, set())


@awaited
async def test_the_erased_are_in_no_key_and_no_value(over_redis: Stores) -> None:
    outputs, gone = history(15, outputs=300), people(6)[2]
    async with over_redis.open() as inboxes:
        await inboxes.rebuild(CONFERENCE, outputs)
        assert gone in _dump(over_redis)
        await inboxes.erase(CONFERENCE, gone)
        assert gone not in _dump(over_redis)
        await inboxes.rebuild(CONFERENCE, outputs, {gone})
        assert gone not in _dump(over_redis)
        await inboxes.forget(CONFERENCE)
        assert _dump(over_redis) == ""


def _dump(stores: Stores) -> str:
    """Every key and value of the server as text."""
    found: list[str] = []
    with stores.admin() as admin:
        for key in admin.scan_iter(count=1000):
            kind = admin.type(key)
            readers = {"hash": admin.hgetall, "set": admin.smembers, "stream": admin.xrange}
            found.append(f"{key} {readers[kind](key)}")
    return "\n".join(found)
