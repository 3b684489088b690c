"""Rebuilding inboxes at an operator's request: one conference at a time, and a second request is told what to do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.api.operator.inbox_rebuild import InboxRebuild
from services.api.shared.problems import ProblemError
from services.inbox.memory import MemoryInboxes
from tests.inbox.seen import awaited, until


class Held:
    """Makes inboxes ready when it is let."""

    def __init__(self, inboxes: MemoryInboxes) -> None:
        self.inboxes, self.let = inboxes, asyncio.Event()
        self.troubles: dict[str, str] = {}

    async def ensure(self, conference: str) -> None:
        await self.let.wait()
        await self.inboxes.rebuild(conference, [])


@asynccontextmanager
async def rebuilding() -> AsyncIterator[tuple[InboxRebuild, Held]]:
    inboxes = MemoryInboxes()
    for conference in ("one", "two"):
        await inboxes.rebuild(conference, [])
    held = Held(inboxes)
    made = InboxRebuild(inboxes, held)
    running = asyncio.create_task(made.run())
    yield made, held
    running.cancel()


@awaited
async def test_one_at_a_time_and_then_the_next() -> None:
    async with rebuilding() as (made, held):
        await made.begin("one")
        assert (await made.is_ready("one"), await made.is_ready("two")) == (False, True)
        for conference in ("one", "two"):
            with pytest.raises(ProblemError) as refused:
                await made.begin(conference)
            assert refused.value.problem.status == 409
            assert refused.value.problem.detail.startswith("The inboxes of one are being rebuilt already. Wait")
        assert await made.is_ready("two")  # the refused one was left alone
        held.let.set()
        await until(lambda: made.is_ready("one"))
        await made.begin("two")
        await until(lambda: made.is_ready("two"))


@awaited
async def test_what_is_being_made_for_another_reason_is_left_alone() -> None:
    async with rebuilding() as (made, held):
        assert await held.inboxes.invalidate("one")  # as if the store had been emptied
        with pytest.raises(ProblemError) as refused:
            await made.begin("one")
        assert refused.value.problem.status == 409
        held.let.set()
        await made.begin("two")  # the refusal stands in nobody's way
        await until(lambda: made.is_ready("two"))
