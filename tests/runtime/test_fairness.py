"""One sender's many do not keep another's few: by the order in which they stand in the log, not by time."""

import asyncio
import json
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.journal import Journal
from services.runtime import Accepted, BusyError, EmbeddedRunner, Limits
from services.runtime.fair_queue import FairQueue
from tests.runtime.harness import LIMIT_S, Clock, Inbox, until

BIG, MANY = 50, 20


def lines(name: str, count: int) -> list[bytes]:
    common = {"type": "checkin.arrived", "at": "2026-03-09T08:00:00Z", "conference": "c", "attendee": "a1"}
    return [json.dumps(common | {"id": f"{name}-{number}"}).encode() for number in range(count)]


def place(answer: object) -> int:
    assert isinstance(answer, Accepted)
    return answer.places[0].offset


async def submitted(runner: EmbeddedRunner, disk: threading.Event) -> tuple[list[int], list[int]]:
    """Many batches of one sender, then one event each of two others, all at once: where the last of each stands.

    ``disk``: until it is set, nothing is written, so that all of them wait for it.
    """
    flood = [
        asyncio.create_task(runner.submit(lines(f"big-{number}", BIG), "connector:flood")) for number in range(MANY)
    ]
    few = [asyncio.create_task(runner.submit(lines(name, 1), f"attendee:{name}")) for name in ("ada", "bob")]
    queue = runner._committer._queue
    await until(lambda: queue.weight >= (MANY - 1) * BIG + len(few))  # the first batch is under way already
    disk.set()
    return [place((await task)[-1]) for task in flood], [place((await task)[0]) for task in few]


def test_few_wait_for_a_commit_and_a_turn_not_for_all_that_came_before(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, append = threading.Event(), journal.append

    def held_up(*arguments: Any, **named: Any) -> Any:
        assert disk.wait(LIMIT_S)
        return append(*arguments, **named)

    monkeypatch.setattr(journal, "append", held_up)

    async def scenario() -> None:
        runner = EmbeddedRunner(journal, Clock(), Inbox().deliver, limits=Limits(commit_lines=BIG + 1))
        await runner.start()
        try:
            flood, few = await submitted(runner, disk)
        finally:
            await runner.stop()
        assert flood == sorted(flood), "one sender's own stay in order"
        assert max(few) < 4 * BIG, "behind what was under way, and a turn of the other"
        assert max(flood) == MANY * BIG + 1

    asyncio.run(scenario())


def test_a_sender_may_not_fill_the_queue_and_the_others_come_in(journal: Journal) -> None:
    async def scenario() -> None:
        limits = Limits(commit_lines=BIG + 1, waiting_lines=1_000, sender_waiting_lines=500)
        runner = EmbeddedRunner(journal, Clock(), Inbox().deliver, limits=limits)
        await runner.start()
        try:
            asked = [runner.submit(lines(f"big-{number}", BIG), "connector:flood") for number in range(MANY)]
            few = runner.submit(lines("ada", 1), "attendee:ada")
            *flood, last = await asyncio.gather(*asked, few, return_exceptions=True)
        finally:
            await runner.stop()
        assert any(isinstance(each, BusyError) for each in flood)
        assert not isinstance(last, BaseException), last

    asyncio.run(scenario())


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 5)), max_size=60))
def test_senders_in_turn_and_each_ones_own_in_order(added: Sequence[tuple[str, int]]) -> None:
    queue = FairQueue[tuple[str, int]]()
    for number, (sender, weight) in enumerate(added):
        queue.add(sender, weight, (sender, number))
    assert queue.weight == sum(weight for _, weight in added)
    taken: list[tuple[str, int]] = []
    while queue:
        waiting = {sender for sender in "abcd" if queue.weight_of(sender)}
        weight, first = queue.first()
        before = queue.weight
        taken.append(queue.take())
        assert (taken[-1], before - queue.weight) == (first, weight)
        unserved = [sender for sender, _ in taken[-len(waiting) :]]
        assert len(set(unserved)) == len(unserved) or len(waiting) == 1, "nobody twice before the others once"
    for sender in "abcd":
        assert [number for who, number in taken if who == sender] == [
            number for number, (who, _) in enumerate(added) if who == sender
        ]
