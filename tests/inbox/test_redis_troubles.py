"""Redis killed, emptied, slow, full, someone else's, written by two: the same inboxes in the end, no endless wait."""

import asyncio
import os
import signal

import pytest

from schemas.outputs import AnyOutput
from services.inbox.redis import inboxes as redis_inbox
from services.inbox.redis.inboxes import RedisInboxes
from streams.runtime.inboxes import InboxForeignError, InboxFullError, InboxLostError, InboxUnavailableError
from tests.inbox.conftest import QUICK, Stores
from tests.inbox.made import CONFERENCE, history, people, suggested
from tests.inbox.seen import all_of, awaited, everything, inbox, until

PAIR = ("ada", "bob")


async def _clean(stores: Stores, outputs: list[AnyOutput]) -> dict[str, object]:
    """What a store without troubles tells."""
    async with stores.open() as inboxes:
        await inboxes.rebuild(CONFERENCE, outputs)
        told = await everything(inboxes)
        await inboxes.forget(CONFERENCE)
        return told


async def _deliver_on(inboxes: RedisInboxes, log: list[AnyOutput], until_at: int) -> None:
    """As the runner does: from the mark on, again and again, until the mark is the one that is wanted."""
    last = log[until_at - 1].position
    while (mark := await inboxes.checkpoint(CONFERENCE)) != last:
        if mark is None:
            await inboxes.rebuild(CONFERENCE, log[:until_at])
            continue
        start = next((at + 1 for at, output in enumerate(log) if output.position == mark), 0)
        await inboxes.deliver(CONFERENCE, log[start : min(start + 3, until_at)])


@awaited
async def test_two_writers_write_as_one(over_redis: Stores) -> None:
    outputs = history(11, outputs=300)
    clean = await _clean(over_redis, outputs)
    async with over_redis.open() as one, over_redis.open() as two:
        assert isinstance(one, RedisInboxes)
        assert isinstance(two, RedisInboxes)
        await one.rebuild(CONFERENCE, [])
        await asyncio.gather(_deliver_on(one, outputs, 300), _deliver_on(two, outputs, 300))
        assert await everything(one) == await everything(two) == clean


@awaited
@pytest.mark.parametrize("kill_after", [0.0, 0.004, 0.02])
async def test_killed_in_mid_delivery_and_rebuilt_equals_clean(own_server: Stores, kill_after: float) -> None:
    outputs = history(12, outputs=400)
    clean = await _clean(own_server, outputs)
    server = own_server.server
    assert server is not None
    async with own_server.open(limits=QUICK) as inboxes:
        assert isinstance(inboxes, RedisInboxes)
        await inboxes.rebuild(CONFERENCE, [])
        delivery = asyncio.create_task(_deliver_on(inboxes, outputs, 400))
        await asyncio.sleep(kill_after)
        os.kill(server.pid, signal.SIGKILL)
        with pytest.raises(InboxUnavailableError):
            await delivery
        await until(lambda: not server.alive())
        await server.start()
        await _deliver_on(inboxes, outputs, 400)
        assert await everything(inboxes) == clean


@awaited
async def test_behind_the_mark_each_inbox_refuses_what_it_has(over_redis: Stores) -> None:
    outputs = history(16, outputs=100)
    async with over_redis.open() as before:
        await before.rebuild(CONFERENCE, outputs)
        told = await everything(before)
    with over_redis.admin() as admin:
        admin.hset(f"mark:{{{CONFERENCE}}}", "position", "")
    async with over_redis.open() as after:
        await after.deliver(CONFERENCE, outputs)
        again = await everything(after)
        assert {who: again[who] for who in people(6)} == {who: told[who] for who in people(6)}


@awaited
async def test_emptied_in_the_middle_is_noticed_by_the_next_delivery(over_redis: Stores) -> None:
    outputs = history(13, outputs=200)
    clean = await _clean(over_redis, outputs)
    async with over_redis.open() as inboxes:
        assert isinstance(inboxes, RedisInboxes)
        await inboxes.rebuild(CONFERENCE, [])
        await inboxes.deliver(CONFERENCE, outputs[:100])
        follower = asyncio.create_task(all_of(inboxes, people(6)[0], outputs))
        with over_redis.admin() as admin:
            admin.flushall()
        with pytest.raises(InboxLostError) as lost:
            await inboxes.deliver(CONFERENCE, outputs[100:])
        assert lost.value.delivered is None
        await inboxes.rebuild(CONFERENCE, outputs)
        assert await everything(inboxes) == clean
        assert await follower == [output.position for output in outputs if people(6)[0] in output.to]


@awaited
async def test_a_replica_with_less_is_noticed_and_filled(over_redis: Stores) -> None:
    outputs = history(14, outputs=200)
    clean = await _clean(over_redis, outputs)
    async with over_redis.open() as inboxes, over_redis.open() as takeover:
        await inboxes.rebuild(CONFERENCE, outputs[:150])
        await takeover.rebuild(CONFERENCE, outputs[:120])
        with pytest.raises(InboxLostError) as lost:
            await inboxes.deliver(CONFERENCE, outputs[150:])
        assert lost.value.delivered == outputs[119].position
        await inboxes.deliver(CONFERENCE, outputs[120:])
        assert await everything(inboxes) == clean


@awaited
@pytest.mark.parametrize("how", ["stopped", "paused"])
async def test_slow_is_an_error_in_time_and_streams_go_on_by_themselves(own_server: Stores, how: str) -> None:
    server = own_server.server
    assert server is not None
    async with own_server.open(limits=QUICK) as inboxes:
        assert isinstance(inboxes, RedisInboxes)
        await inboxes.rebuild(CONFERENCE, [])
        stream = asyncio.create_task(all_of(inboxes, "ada", [suggested("4-0", PAIR)]))
        await until(lambda: len(inboxes.waiters) == 1)
        if how == "stopped":
            os.kill(server.pid, signal.SIGSTOP)
        else:
            with own_server.admin() as admin:
                admin.client_pause(1500)
        async with asyncio.timeout(5 * QUICK.operation_s):
            for attempt in (
                inboxes.deliver(CONFERENCE, [suggested("4-0", PAIR)]),
                inboxes.erase(CONFERENCE, "cy"),
                inboxes.checkpoint(CONFERENCE),
                inboxes.read(CONFERENCE, "ada"),
            ):
                with pytest.raises(InboxUnavailableError):
                    await attempt
        if how == "stopped":
            os.kill(server.pid, signal.SIGCONT)
        await until(lambda: _delivered(inboxes, suggested("4-0", PAIR)))
        assert await stream == ["4-0"]
        # What was sent while it slept may have been run after all: once.
        assert [position for position, _ in await inbox(inboxes, "ada")] == ["4-0"]


async def _delivered(inboxes: RedisInboxes, output: AnyOutput) -> bool:
    try:
        return await inboxes.deliver(CONFERENCE, [output]) == output.position
    except InboxUnavailableError:
        return False


@awaited
async def test_full_says_so_and_still_reads_and_erases(own_server: Stores) -> None:
    async with own_server.open() as inboxes:
        await inboxes.rebuild(CONFERENCE, [suggested("3-0", PAIR)])
        with own_server.admin() as admin:
            admin.config_set("maxmemory", 1)
        with pytest.raises(InboxFullError, match="memory bound"):
            await inboxes.deliver(CONFERENCE, [suggested("4-0", PAIR)])
        assert len(await inbox(inboxes, "ada")) == 1
        await inboxes.erase(CONFERENCE, "ada")
        assert await inbox(inboxes, "ada") == []
        with own_server.admin() as admin:
            admin.config_set("maxmemory", 0)
        assert await inboxes.deliver(CONFERENCE, [suggested("4-0", PAIR)]) == "4-0"


@awaited
async def test_inboxes_of_another_log_are_not_touched_but_on_command(over_redis: Stores) -> None:
    async with over_redis.open(epoch="log-1") as ours, over_redis.open(epoch="log-2") as theirs:
        await ours.rebuild(CONFERENCE, [suggested("3-0", PAIR)])
        for attempt in (theirs.checkpoint(CONFERENCE), theirs.deliver(CONFERENCE, [suggested("4-0", PAIR)])):
            with pytest.raises(InboxForeignError):
                await attempt
        with pytest.raises(InboxUnavailableError):
            await theirs.read(CONFERENCE, "ada")
        await theirs.rebuild(CONFERENCE, [suggested("5-0", PAIR)])
        assert [position for position, _ in await inbox(theirs, "ada")] == ["5-0"]


@awaited
async def test_inboxes_of_an_older_form_are_rebuilt(over_redis: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    async with over_redis.open() as before:
        await before.rebuild(CONFERENCE, [suggested("3-0", PAIR)])
    monkeypatch.setattr(redis_inbox, "VIEW_VERSION", "next")
    async with over_redis.open() as after:
        assert await after.checkpoint(CONFERENCE) is None
