"""Submitting: every line gets its answer, after the disk has it."""

import asyncio
import json
import random
from base64 import b64decode
from typing import Any

import pytest

from schemas.codec import EVENT_BYTES, Codec, Record
from schemas.times import MINUTE_MS, format_time, millis
from services.journal import Journal, JournalFullError
from services.journal.memory import MemoryJournal
from services.runtime import Accepted, BusyError, Duplicate, EmbeddedRunner, Limits, Place, Rejected, StoppedError
from tests.runtime.events import deletion, line, opened, post
from tests.runtime.harness import SENDER, Clock, Inbox, all_folded, clean_fold, until


def started(journal: Journal, clock: Clock | None = None, **limits: Any) -> EmbeddedRunner:
    inbox = Inbox()
    return EmbeddedRunner(
        journal,
        clock or Clock(),
        inbox.deliver,
        last_delivered=inbox.delivered,
        limits=Limits(tick_poll_s=0.01, **limits),
    )


def ids(journal: Journal, log: str = "c") -> list[str]:
    return [json.loads(row.line)["id"] for row in journal.read(log)]


def test_every_line_gets_its_answer(journal: Journal) -> None:
    async def run() -> None:
        runner = started(journal)
        await runner.start()
        answers = await runner.submit(
            [opened(), post("x:1"), post("x:1"), b" ", b"{", post("x:2", tags=("other",)), opened("d", "o2")], SENDER, 7
        )
        assert answers[0] == Accepted((Place("c", 0),))
        assert answers[1] == Accepted((Place("c", 1),))
        assert isinstance(answers[2], Duplicate)
        assert isinstance(answers[3], Accepted)
        assert isinstance(answers[4], Rejected)
        assert isinstance(answers[5], Accepted)
        assert answers[5].places == ()
        assert "routed nowhere" in str(answers[5].note)
        # Two conferences follow the hashtag now.
        assert await runner.submit([post("x:3")], SENDER) == [Accepted((Place("c", 2), Place("d", 1)))]
        (letter,) = [json.loads(letter.line) for letter in journal.dead_letters()]
        assert (letter["source"], letter["position"], b64decode(letter["bytes"])) == (SENDER, 11, b"{")
        await runner.stop()
        with pytest.raises(StoppedError):
            await runner.submit([post("x:4")], SENDER)

    asyncio.run(run())
    assert ids(journal) == ["o1", "x:1", "x:3"]
    row = json.loads(next(journal.read("c", 1)).line)
    assert (row["source"], row["conference"], row["recorded_at"]) == (SENDER, "c", "2026-03-09T08:00:00.000Z")


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (
            line("checkin.arrived", "e", format_time(millis("2026-03-09T08:10:00.001Z")), conference="c", attendee="a"),
            "at",
        ),
        (line("clock.ticked", "e", conference="c"), "type"),
        (line("checkin.arrived", "clock.ticked:1:1", conference="c", attendee="a"), "id"),
        (line("match.suggested", "e", conference="c"), "type"),
        (line("checkin.arrived", "e", conference="c"), "attendee"),
    ],
)
def test_what_may_not_enter_is_a_dead_letter(bad: bytes, field: str) -> None:
    journal = MemoryJournal()

    async def run() -> None:
        runner = started(journal)
        await runner.start()
        (answer,) = await runner.submit([bad], SENDER)
        assert isinstance(answer, Rejected)
        assert answer.field == field
        await runner.stop()

    asyncio.run(run())
    assert (journal.conferences(), journal.dead_letter_count()) == ([], 1)


def test_ten_minutes_ahead_is_taken() -> None:
    async def run() -> None:
        clock = Clock()
        runner = started(MemoryJournal(), clock)
        await runner.start()
        ahead = line("checkin.arrived", "e", format_time(clock.ms + 10 * MINUTE_MS), conference="c", attendee="a")
        assert await runner.submit([ahead], SENDER) == [Accepted((Place("c", 0),))]
        await runner.stop()

    asyncio.run(run())


def test_time_stands_still_when_the_clock_jumps_back(journal: Journal) -> None:
    async def run() -> None:
        clock = Clock()
        runner = started(journal, clock)
        await runner.start()
        for step, number in ((0, 1), (5_000, 2), (-60_000, 3), (7_000, 4)):
            clock.ms = Clock().ms + step
            await runner.submit([opened(f"c{number % 2}", f"o{number}")], SENDER)
        await runner.stop()
        again = started(journal, Clock(Clock().ms - 500_000))
        await again.start()
        await again.submit([opened("c1", "o5")], SENDER)
        await again.stop()

    asyncio.run(run())
    base = Clock().ms
    assert [row.recorded_at - base for row in journal.read("c1")] == [0, 5_000, 7_000]
    assert [row.recorded_at - base for row in journal.read("c0")] == [5_000, 7_000]


def test_a_post_that_may_not_count_does_not_take_the_id(journal: Journal) -> None:
    """Who sends a post first that does not count must not keep the true one out."""

    async def run() -> None:
        runner = started(journal)
        await runner.start()
        await runner.submit([opened()], "organizer:org")
        await runner.submit([post("x:1")], "organizer:other")
        assert await runner.submit([post("x:1")], SENDER) == [Accepted((Place("c", 2),))]
        assert isinstance((await runner.submit([post("x:1")], SENDER))[0], Duplicate)
        # One that counted is known, whoever brought it, once it is folded.
        await runner.submit([post("x:2")], "organizer:org")
        await until(lambda: all_folded(runner))
        assert isinstance((await runner.submit([post("x:2")], "organizer:org"))[0], Duplicate)
        assert await runner.ask("c", lambda matcher: None if matcher is None else matcher.state.applied) == 3
        assert await runner.ask("nowhere", lambda matcher: matcher) is None
        await runner.stop()

    asyncio.run(run())


def test_duplicates_and_routes_survive_a_restart(journal: Journal) -> None:
    async def run() -> None:
        runner = started(journal, snapshot_records=5)
        await runner.start()
        await runner.submit([opened(), *[post(f"x:{n}") for n in range(20)]], SENDER)
        await runner.submit([deletion("d1", "x:late", "x:eve")], SENDER)  # no post of this actor is anywhere
        await runner.stop()
        again = started(journal)
        await again.start()
        answers = await again.submit([opened(), post("x:3"), deletion("d1", "x:late", "x:eve")], SENDER)
        assert all(isinstance(answer, Duplicate) for answer in answers)
        # The deletion that came before its post goes before it, also after a restart.
        assert await again.submit([post("x:late", actor="x:eve")], SENDER) == [
            Accepted((Place("c", 21), Place("c", 22)))
        ]
        assert await again.submit([deletion("d2", "x:3")], SENDER) == [Accepted((Place("c", 23),))]
        await again.stop()

    asyncio.run(run())
    assert ids(journal)[-3:] == ["d1", "x:late", "d2"]


def test_many_submitters_share_commits(journal: Journal) -> None:
    async def run() -> None:
        runner = started(journal)
        await runner.start()
        await runner.submit([opened()], SENDER)
        before = journal.commits  # type: ignore[attr-defined]
        answers = await asyncio.gather(*[runner.submit([post(f"x:{n}")], SENDER) for n in range(500)])
        shared = journal.commits - before  # type: ignore[attr-defined]
        assert shared < 50, f"500 submissions took {shared} commits"
        offsets = [answer.places[0].offset for (answer,) in answers if isinstance(answer, Accepted)]
        assert sorted(offsets) == list(range(1, 501))
        await runner.stop()

    asyncio.run(run())


def test_too_much_at_once_is_reported_and_nothing_of_it_taken() -> None:
    journal = MemoryJournal()

    async def run() -> None:
        runner = started(journal, waiting_lines=20, submission_lines=100)
        await runner.start()
        await runner.submit([opened()], SENDER)
        tries = [runner.submit([post(f"x:{k}-{n}") for n in range(10)], SENDER) for k in range(50)]
        results = await asyncio.gather(*tries, return_exceptions=True)
        busy = [result for result in results if isinstance(result, BusyError)]
        assert busy, "50 x 10 events were queued where 20 may wait"
        assert journal.length("c") == 1 + 10 * (50 - len(busy))
        with pytest.raises(ValueError, match="at most 100"):
            await runner.submit([b"x"] * 101, SENDER)
        await runner.stop()

    asyncio.run(run())


def test_full_says_so_takes_nothing_and_goes_on() -> None:
    journal = MemoryJournal(capacity_bytes=2_000)

    async def run() -> None:
        runner = started(journal, full_pause_s=0.01)
        await runner.start()
        consent = {"matching": True, "chats": True, "share_place": True}
        ada = line("attendee.registered", "r1", conference="c", attendee="a", accounts=["x:ada"], consent=consent)
        await runner.submit([opened(), ada], SENDER)
        bad = [opened("d", "o9"), *[post(f"x:{n}") for n in range(50)], deletion("d1", "x:0"), b"{"]
        release = line("account.released", "rel", conference="c", attendee="a", account="x:ada")
        for _ in range(3):
            with pytest.raises(JournalFullError):
                await runner.submit([*bad, release], SENDER)
        assert (journal.conferences(), journal.length("c"), journal.dead_letter_count()) == (["c"], 2, 0)
        journal.capacity_bytes = 1_000_000
        # Nothing was learnt of what was not taken: the conference "d" is unknown, the ids are new.
        assert await runner.submit([post("x:0")], SENDER) == [Accepted((Place("c", 2),))]
        answers = await runner.submit(bad, SENDER)
        assert answers[1] == Accepted((Place("d", 1),))  # in "c" it is already
        assert [type(answer) for answer in answers] == [*[Accepted] * 52, Rejected]
        await until(lambda: all_folded(runner))
        await runner.stop()

    asyncio.run(run())
    assert list(journal.outputs("c")) == clean_fold(journal, "c")


def test_one_bad_line_stops_nothing(journal: Journal) -> None:
    rng = random.Random(5)
    lines = [opened(), *[post(f"x:{n}") for n in range(300)]]
    bad = {rng.randrange(len(lines)) for _ in range(40)}
    mixed = [b"\xff" + text if number in bad else text for number, text in enumerate(lines)]

    async def run() -> None:
        runner = started(journal)
        await runner.start()
        await runner.submit([opened(id="first")], SENDER)
        await runner.submit(mixed, SENDER)
        await until(lambda: all_folded(runner))
        await runner.stop()

    asyncio.run(run())
    assert journal.length("c") + journal.dead_letter_count() == len(lines) + 1
    assert journal.dead_letter_count() == len(bad)


def test_a_bad_line_that_comes_again_is_one_dead_letter_until_that_was_sent_again(journal: Journal) -> None:
    """Who got no answer sends the same again; what cannot be read has no id, so its bytes stand for it."""

    async def said(runner: EmbeddedRunner, *lines: bytes, sender: str = SENDER) -> int:
        assert all(isinstance(answer, Rejected) for answer in await runner.submit(lines, sender))
        return journal.dead_letter_count()

    async def run() -> None:
        runner = started(journal)
        await runner.start()
        assert await said(runner, b"{", b"{", b"[") == 2
        assert await asyncio.gather(said(runner, b"{"), said(runner, b"{", b"[")) == [2, 2]
        assert await said(runner, b"{", sender="connector:other") == 3
        await runner.stop()
        again = started(journal)
        await again.start()
        assert await said(again, b"[", b"{") == 3
        assert journal.claim_dead_letter(1, b"mended")
        journal.settle_dead_letter(1, 7)
        assert await said(again, b"{") == 4
        assert await said(again, b"{") == 4
        journal.erase_dead_letters([2])
        assert await said(again, b"[") == 4
        await again.stop()

    asyncio.run(run())
    letters = [json.loads(letter.line) for letter in journal.dead_letters()]
    assert [(letter["source"], b64decode(letter["bytes"])) for letter in letters] == [
        (SENDER, b"{"),
        ("connector:other", b"{"),
        (SENDER, b"{"),
        (SENDER, b"["),
    ]


def sized(id: str, size: int) -> bytes:
    """A post of so many bytes, by its mentions and the length of its id."""
    model = json.loads(post(id))
    while len(encoded(model)) <= size - 300:
        model["mentions"] += [f"p:{len(model['mentions']):024x}"] * 10
    model["id"] += "x" * (size - len(encoded(model)))
    return encoded(model)


def encoded(event: dict[str, Any]) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()


def test_what_the_log_would_keep_in_too_many_bytes_is_not_taken(journal: Journal) -> None:
    """A line that its own reader refuses would be left out of the fold at the next start."""

    async def run() -> None:
        runner = started(journal)
        await runner.start()
        assert len(sized("x:2", EVENT_BYTES)) == EVENT_BYTES
        taken, good, refused = await runner.submit(
            [opened(), sized("x:1", EVENT_BYTES - 600), sized("x:2", EVENT_BYTES)], SENDER
        )
        assert isinstance(taken, Accepted)
        assert isinstance(good, Accepted)
        assert isinstance(refused, Rejected)
        assert "bytes" in refused.reason
        await runner.stop()

    asyncio.run(run())
    lines = [row.line for row in journal.read("c")]
    assert len(lines) == 2
    assert all(isinstance(record, Record) for record in Codec().decode_each(lines))
