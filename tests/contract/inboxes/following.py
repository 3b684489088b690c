"""Live streams: nothing missing, nothing twice, nothing left behind."""

import asyncio
import random
from contextlib import aclosing

import pytest

from services.inbox import subscription
from services.inbox.port import ResumeLostError
from tests.inbox.conftest import Stores
from tests.inbox.made import CONFERENCE, history, people, suggested
from tests.inbox.seen import awaited, until

PAIR = ("ada", "bob")
STREAMS = 1000


async def _read_until(
    inboxes: subscription.InboxSubscriptions, attendee: str, after: int, last: str, most: int = 10_000
) -> list[str]:
    """The positions that a stream brings until the last one, or ``most`` of them."""
    found: list[str] = []
    async with aclosing(inboxes.follow(CONFERENCE, attendee, after)) as stream:
        async for entries in stream:
            found += [entry.position for entry in entries]
            assert entries == () or entries[-1].cursor == after + len(found)
            if len(found) >= most or (found and found[-1] == last):
                break
    return found


def _lines(stores: Stores) -> int:
    if stores.server is None:
        return 0
    with stores.admin() as admin:
        return len([line for line in admin.client_list() if line["id"]])


class Following:
    """Live streams."""

    @awaited
    @pytest.mark.parametrize("seed", range(3))
    async def test_a_client_that_comes_and_goes_sees_each_entry_once_in_order(self, stores: Stores, seed: int) -> None:
        chance, outputs, attendee = random.Random(seed), history(seed, outputs=400), people(6)[seed]
        expected = [output.position for output in outputs if attendee in output.to]
        async with stores.open(keep=1000) as inboxes:
            await inboxes.rebuild(CONFERENCE, [])

            async def deliver() -> None:
                at = 0
                while at < len(outputs):
                    size = chance.choice((1, 2, 9, 40))
                    await inboxes.deliver(CONFERENCE, outputs[at : at + size])
                    at += size
                    await asyncio.sleep(0)

            delivery = asyncio.create_task(deliver())
            found: list[str] = []
            while not found or found[-1] != expected[-1]:
                found += await _read_until(inboxes, attendee, len(found), expected[-1], chance.choice((1, 7)))
            await delivery
            assert found == expected
            assert len(inboxes.waiters) == 0

    @awaited
    async def test_wait_returns_what_comes_and_nothing_in_time(self, stores: Stores) -> None:
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, [])
            assert await inboxes.wait(CONFERENCE, "ada", within_s=0.02) == ()
            waiting = asyncio.create_task(inboxes.wait(CONFERENCE, "ada"))
            await until(lambda: len(inboxes.waiters) == 1)
            await inboxes.deliver(CONFERENCE, [suggested("3-0", PAIR, to=["bob"]), suggested("4-0", PAIR)])
            assert [entry.position for entry in await waiting] == ["4-0"]
            assert len(inboxes.waiters) == 0

    @awaited
    async def test_a_quiet_stream_beats_and_a_cancelled_wait_leaves_nothing(self, stores: Stores) -> None:
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, [])
            async with aclosing(inboxes.follow(CONFERENCE, "ada", beat_s=0.01)) as stream:
                assert await anext(stream) == ()
                assert await anext(stream) == ()
            waiting = asyncio.create_task(inboxes.wait(CONFERENCE, "ada"))
            await until(lambda: len(inboxes.waiters) == 1)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            assert len(inboxes.waiters) == 0

    @awaited
    async def test_what_others_get_does_not_put_a_beat_off(self, stores: Stores) -> None:
        """Being woken, and reading for nothing, shows in no moment: a beat comes as long after the last as ever."""
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, [])

            async def wake() -> None:
                while True:
                    inboxes.waiters.wake_all(CONFERENCE)
                    await asyncio.sleep(0.01)

            waking = asyncio.create_task(wake())
            try:
                async with asyncio.timeout(5.0), aclosing(inboxes.follow(CONFERENCE, "ada", beat_s=0.2)) as stream:
                    assert [await anext(stream) for _ in range(3)] == [()] * 3
            finally:
                waking.cancel()

    @awaited
    async def test_what_cannot_be_resumed_ends_the_stream(self, stores: Stores) -> None:
        async with stores.open(keep=2) as inboxes:
            await inboxes.rebuild(CONFERENCE, [suggested(f"{n}-0", PAIR, f"m{n}") for n in range(3, 9)])
            with pytest.raises(ResumeLostError):
                await anext(inboxes.follow(CONFERENCE, "ada", 1))
            assert len(inboxes.waiters) == 0

    @awaited
    async def test_a_thousand_streams_leave_nothing_behind(self, stores: Stores) -> None:
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, [])
            await inboxes.read(CONFERENCE, "ada")
            tasks_before, lines_before = len(asyncio.all_tasks()), _lines(stores)

            async def client(number: int) -> list[str]:
                return await _read_until(inboxes, people(STREAMS)[number], 0, "4-0")

            clients = [asyncio.create_task(client(number)) for number in range(STREAMS)]
            await until(lambda: len(inboxes.waiters) == STREAMS)
            half = [
                suggested(f"3-{n}", (one, two), f"m{n}", to=[])
                for n, (one, two) in enumerate(zip(people(STREAMS)[::2], people(STREAMS)[1::2], strict=True))
            ]
            await inboxes.deliver(CONFERENCE, half)
            await inboxes.deliver(CONFERENCE, [suggested("4-0", PAIR, to=people(STREAMS)[: STREAMS // 2])])
            assert await asyncio.gather(*clients[: STREAMS // 2]) == [["4-0"]] * (STREAMS // 2)
            for gone in clients[STREAMS // 2 :]:
                gone.cancel()
            await asyncio.gather(*clients[STREAMS // 2 :], return_exceptions=True)
            await until(lambda: len(asyncio.all_tasks()) == tasks_before)
            assert len(inboxes.waiters) == 0
            assert _lines(stores) <= lines_before + 1
