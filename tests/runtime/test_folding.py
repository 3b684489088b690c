"""What comes of the log: outputs as of a clean fold, through restarts, ticks and inboxes that are away."""

import asyncio
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from schemas.times import HOUR_MS, millis
from services.journal import Journal, JournalFullError
from services.journal.memory import MemoryJournal
from services.journal.sqlite import SqliteJournal
from services.runtime import BusyError, EmbeddedRunner, Limits
from tests.runtime.harness import CONFERENCE, SENDER, Clock, Inbox, all_folded, clean_fold, conference, feed, until


def runner_on(journal: Journal, clock: Clock, inbox: Inbox, **options: Any) -> EmbeddedRunner:
    policy = options.pop("policy", None)
    limits = Limits(tick_poll_s=0.01, deliver_rest_s=0.01, deliver_pause_s=0.001, full_pause_s=0.01, **options)
    return EmbeddedRunner(journal, clock, inbox.deliver, last_delivered=inbox.delivered, limits=limits, policy=policy)


def test_the_inbox_gets_what_a_clean_fold_gives(journal: Journal) -> None:
    async def run() -> None:
        clock, inbox = Clock(), Inbox()
        runner = runner_on(journal, clock, inbox)
        await runner.start()
        await feed(runner, clock, conference())
        await until(lambda: all_folded(runner))
        expected = clean_fold(journal)
        assert len(expected) > 50
        await until(lambda: inbox.lines(CONFERENCE) == expected)
        assert list(journal.outputs(CONFERENCE)) == expected
        await runner.stop()
        assert runner.failure is None
        assert journal.decided(CONFERENCE) == journal.length(CONFERENCE)

    asyncio.run(run())


@pytest.mark.parametrize("snapshot_records", [400, 1_000_000])
def test_stops_and_starts_change_nothing(tmp_path: Path, snapshot_records: int) -> None:
    lines = conference()
    clock, inbox = Clock(), Inbox()

    async def part(start: int, end: int) -> None:
        journal = SqliteJournal(tmp_path)
        runner = runner_on(journal, clock, inbox, snapshot_records=snapshot_records)
        said: list[tuple[str, int, int]] = []
        await runner.start(lambda *progress: said.append(progress))
        assert bool(said) == (start > 0)
        await feed(runner, clock, lines[start:end])
        await runner.stop()
        assert runner.failure is None
        journal.close()

    cuts = [0, 7, 2_000, len(lines) - 2_000, len(lines) - 1_200, len(lines) - 300, len(lines)]
    for start, end in pairwise(cuts):
        asyncio.run(part(start, end))
    journal = SqliteJournal(tmp_path)
    expected = clean_fold(journal)
    assert list(journal.outputs(CONFERENCE)) == expected

    async def rest() -> None:
        runner = runner_on(journal, clock, inbox)
        await runner.start()
        await until(lambda: inbox.lines(CONFERENCE) == expected)
        await runner.stop()

    asyncio.run(rest())
    assert len({json.loads(row.line)["id"] for row in journal.read(CONFERENCE)}) <= journal.length(CONFERENCE)
    journal.close()


@pytest.mark.parametrize("with_snapshot", [True, False])
def test_what_was_emitted_stays_emitted_under_another_policy(with_snapshot: bool) -> None:
    lines = conference()
    half = len(lines) * 3 // 4
    journal, clock, inbox = MemoryJournal(), Clock(), Inbox()

    async def run() -> None:
        runner = runner_on(journal, clock, inbox, snapshot_records=half // 2 if with_snapshot else 10**9)
        await runner.start()
        await feed(runner, clock, lines[:half])
        await until(lambda: all_folded(runner))
        await runner.stop()
        if not with_snapshot:
            journal._logs[CONFERENCE].snapshots.clear()
        told = list(journal.outputs(CONFERENCE))
        decided = journal.decided(CONFERENCE)
        assert told
        other = runner_on(journal, clock, inbox, policy={"known_posts": 1_000, "known_days": 1_000, "per_hour": 1})
        await other.start()
        assert (list(journal.outputs(CONFERENCE)), journal.decided(CONFERENCE)) == (told, decided)
        await until(lambda: inbox.lines(CONFERENCE) == told)
        await feed(other, clock, lines[half:])
        await until(lambda: all_folded(other))
        after = list(journal.outputs(CONFERENCE))
        assert after[: len(told)] == told
        await until(lambda: inbox.lines(CONFERENCE) == after)
        await other.stop()
        assert other.failure is None

    asyncio.run(run())


def test_undecided_records_are_decided_at_the_start(journal: Journal) -> None:
    """Appended by a process that died before it folded."""
    lines = conference()

    async def run() -> None:
        clock, inbox = Clock(), Inbox()
        runner = runner_on(journal, clock, inbox)
        await runner.start()
        runner._committer.on_appended = lambda taken: None
        await feed(runner, clock, lines)
        await runner.stop()
        assert journal.decided(CONFERENCE) == 0
        again = runner_on(journal, clock, inbox)
        await again.start()
        expected = clean_fold(journal)
        assert list(journal.outputs(CONFERENCE)) == expected
        await until(lambda: inbox.lines(CONFERENCE) == expected)
        await again.stop()

    asyncio.run(run())


def test_a_tick_comes_when_something_is_due_and_nothing_else_does(journal: Journal) -> None:
    lines = conference()
    # Up to the middle of the day: people are here and have open cards.
    half = next(n for n, line in enumerate(lines) if b'"match.answered"' in line) + 200

    async def run() -> None:
        clock, inbox = Clock(), Inbox()
        runner = runner_on(journal, clock, inbox)
        await runner.start()
        await feed(runner, clock, lines[:half])
        await until(lambda: all_folded(runner))
        length, outputs = journal.length(CONFERENCE), len(list(journal.outputs(CONFERENCE)))
        clock.ms += 24 * HOUR_MS  # everybody lapses
        await until(lambda: len(list(journal.outputs(CONFERENCE))) > outputs)
        fold = runner._fold_loop.folds[CONFERENCE]
        await until(lambda: all_folded(runner) and (fold.due is None or fold.due > clock.ms))
        await runner.stop()
        ticks = [json.loads(row.line) for row in journal.read(CONFERENCE, length)]
        assert {tick["type"] for tick in ticks} == {"clock.ticked"}
        assert len(ticks) <= 3, "one tick is enough for all that is due"
        assert len({tick["id"] for tick in ticks}) == len(ticks)
        assert list(journal.outputs(CONFERENCE)) == clean_fold(journal)

    asyncio.run(run())


def test_outputs_wait_for_space_and_are_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = MemoryJournal()
    record, full, refused = journal.record, [True], []

    def limited(conference: str, decided: int, outputs: Any) -> None:
        if full[0] and outputs:
            refused.append(decided)
            raise JournalFullError("no room")
        record(conference, decided, outputs)

    monkeypatch.setattr(journal, "record", limited)

    async def run() -> None:
        clock, inbox = Clock(), Inbox()
        runner = runner_on(journal, clock, inbox)
        await runner.start()
        await feed(runner, clock, conference())
        await until(lambda: len(refused) > 2)
        with pytest.raises(BusyError):  # at once: who asks does not wait for room
            await runner.ask(CONFERENCE, lambda matcher: matcher)
        assert not list(journal.outputs(CONFERENCE))
        full[0] = False
        await until(lambda: all_folded(runner))
        expected = clean_fold(journal)
        await until(lambda: inbox.lines(CONFERENCE) == expected)
        await runner.stop()

    asyncio.run(run())


def test_the_event_loop_is_never_held_for_long() -> None:
    """While ten thousand records are folded, somebody else's turn comes all the time."""

    async def run() -> None:
        clock, inbox = Clock(millis("2026-03-09T08:00:00Z")), Inbox()
        runner = runner_on(MemoryJournal(), clock, inbox)
        await runner.start()
        loop = asyncio.get_running_loop()
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0.001)

        counting = loop.create_task(count())
        began = loop.time()
        await feed(runner, clock, conference(), size=1_000)
        await until(lambda: all_folded(runner))
        counting.cancel()
        assert turns > (loop.time() - began) * 5, "fewer than five turns a second"
        await runner.stop()

    asyncio.run(run())


def test_stopping_keeps_to_its_time_and_loses_nothing() -> None:
    journal = MemoryJournal()

    async def run() -> int:
        clock, inbox = Clock(), Inbox()
        runner = runner_on(journal, clock, inbox)
        await runner.start()
        await feed(runner, clock, conference()[:1])
        lines = conference()[1:]
        clock.ms = millis("2026-03-09T20:00:00Z")
        submissions = [asyncio.create_task(runner.submit(list(lines[n : n + 50]), SENDER)) for n in range(0, 4_000, 50)]
        await asyncio.sleep(0)
        began = asyncio.get_running_loop().time()
        await runner.stop()
        assert asyncio.get_running_loop().time() - began < 5
        results = await asyncio.gather(*submissions, return_exceptions=True)
        return sum(
            len(answer.places) for r in results if isinstance(r, list) for answer in r if hasattr(answer, "places")
        )

    accepted = asyncio.run(run())
    assert journal.length(CONFERENCE) == accepted + 1
