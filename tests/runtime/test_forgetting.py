"""A conference that is forgotten: the router, the fold and the log know nothing of it; all others go on."""

import asyncio
from pathlib import Path

from services.journal import Journal
from services.journal.memory import MemoryJournal
from services.journal.sqlite import SqliteJournal
from services.runtime import Accepted, Duplicate, EmbeddedRunner, Limits
from tests.runtime.events import deletion, line, opened, post
from tests.runtime.harness import SENDER, Clock, Inbox, all_folded, until


def runner_on(journal: Journal) -> EmbeddedRunner:
    inbox = Inbox()
    return EmbeddedRunner(
        journal, Clock(), inbox.deliver, last_delivered=inbox.delivered, limits=Limits(tick_poll_s=0.01)
    )


def test_what_is_forgotten_is_routed_nowhere_and_its_name_begins_anew(journal: Journal) -> None:
    async def run() -> None:
        runner = runner_on(journal)
        await runner.start()
        lines = [opened("over", "o1"), opened("goes-on", "o2"), post("x:1"), deletion("x:d1", "x:2")]
        await runner.submit([*lines, line("conference.closed", "c1", conference="over")], SENDER)
        before = journal.length("goes-on")
        await runner.forget("over")
        assert journal.conferences() == ["goes-on"]
        assert await runner.ask("over", lambda matcher: matcher) is None
        (deleted,) = await runner.submit([deletion("x:d2", "x:1")], SENDER)
        assert isinstance(deleted, Accepted)
        assert [place.conference for place in deleted.places] == ["goes-on"]
        assert journal.length("goes-on") == before + 1
        # The same ids are new in a new log, and doubles in the one that goes on.
        again, double, known = await runner.submit([opened("over", "o1"), opened("goes-on", "o2"), post("x:1")], SENDER)
        assert isinstance(again, Accepted)
        assert [(place.conference, place.offset) for place in again.places] == [("over", 0)]
        assert isinstance(double, Duplicate)
        assert isinstance(known, Accepted)
        assert {place.conference for place in known.places} == {"over"}  # its deletion goes before it
        await until(lambda: all_folded(runner))
        await runner.stop()
        assert runner.failure is None

    asyncio.run(run())


def test_forgetting_under_load_loses_nothing_of_others(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)

    async def run() -> int:
        runner = runner_on(journal)
        await runner.start()
        for name in ("over", "goes-on"):
            await runner.submit([opened(name, f"o-{name}", hashtags=[name])], SENDER)
        await runner.submit([line("conference.closed", "c1", conference="over")], SENDER)
        taken, done = 1, asyncio.Event()

        async def load() -> None:
            nonlocal taken
            number = 0
            while not done.is_set() or number < 20:
                events = [post(f"x:{number}-{k}", tags=("goes-on",)) for k in range(100)]
                answers = await runner.submit(events, SENDER)
                taken += sum(isinstance(answer, Accepted) for answer in answers)
                number += 1

        async def forget() -> None:
            await runner.forget("over")
            done.set()

        await asyncio.gather(load(), forget())
        assert (journal.length("over"), journal.length("goes-on")) == (0, taken)
        await until(lambda: all_folded(runner))
        await runner.stop()
        assert runner.failure is None
        return taken

    taken = asyncio.run(run())
    journal.close()
    again = SqliteJournal(tmp_path)
    assert (again.conferences(), again.length("goes-on"), again.notices) == (["goes-on"], taken, [])

    async def restarted() -> None:
        runner = runner_on(again)
        await runner.start()
        assert await runner.ask("over", lambda matcher: matcher) is None
        await runner.stop()

    asyncio.run(restarted())
    again.close()


def test_an_unknown_conference_is_forgotten_too() -> None:
    async def run() -> None:
        runner = runner_on(MemoryJournal())
        await runner.start()
        await runner.forget("never-was")
        await runner.stop()
        assert runner.failure is None

    asyncio.run(run())
