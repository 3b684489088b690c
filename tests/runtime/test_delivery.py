"""An inbox that is away, and one that breaks."""

import asyncio
from contextlib import suppress

from services.journal.memory import MemoryJournal
from services.runtime import StoppedError, UndeliveredError
from tests.runtime.harness import CONFERENCE, Clock, Inbox, all_folded, clean_fold, conference, feed, until
from tests.runtime.test_folding import runner_on


def test_an_inbox_that_is_away_gets_everything_later() -> None:
    journal = MemoryJournal()

    async def run() -> None:
        clock, inbox = Clock(), Inbox(error=UndeliveredError("away"))
        runner = runner_on(journal, clock, inbox, outputs_at_once=7)
        await runner.start()
        await feed(runner, clock, conference())
        await until(lambda: all_folded(runner) and inbox.calls > 5)
        assert not inbox.got
        inbox.error = None
        expected = clean_fold(journal)
        await until(lambda: inbox.lines(CONFERENCE) == expected)
        assert runner.failure is None
        await runner.stop()

    asyncio.run(run())


def test_an_inbox_that_breaks_ends_the_runner() -> None:
    async def run() -> None:
        clock, inbox = Clock(), Inbox(error=KeyError("a bug"))
        runner = runner_on(MemoryJournal(), clock, inbox)
        await runner.start()
        with suppress(StoppedError):
            await feed(runner, clock, conference())
        async with asyncio.timeout(60):
            assert isinstance(await runner.wait_for_failure(), KeyError)
        await runner.stop()

    asyncio.run(run())


def test_an_inbox_that_says_it_has_nothing_yet_gets_all() -> None:
    journal = MemoryJournal()

    class New(Inbox):
        async def delivered(self, conference: str) -> str | None:
            return await super().delivered(conference) or ""  # as the one in Redis says it

    async def run() -> None:
        clock, inbox = Clock(), New()
        runner = runner_on(journal, clock, inbox)
        await runner.start()
        await feed(runner, clock, conference())
        await until(lambda: all_folded(runner))
        await until(lambda: inbox.lines(CONFERENCE) == clean_fold(journal))
        await runner.stop()
        assert runner.failure is None

    asyncio.run(run())
