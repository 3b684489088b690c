"""Cleaning after an erasure: it does not wait for a matcher or an inbox store that does not answer."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from services.admission.conference_registry import ConferenceRegistry
from services.directory.sqlite import SqliteDirectory
from services.erasure import person_erasure
from services.erasure.person_erasure import Erasures
from services.inbox.memory import MemoryInboxes
from services.journal.memory import MemoryJournal
from services.runtime import BusyError
from tests.directory.conftest import Clock
from tests.directory.raw import left
from tests.directory.test_erasing import moved_in

LIMIT_S = 20.0


class BusyRunner:
    """Its matcher answers nobody until it is free."""

    is_free = False

    async def ask(self, conference: str, question: Any) -> Any:
        if not self.is_free:
            raise BusyError("busy")
        return question(None)


def test_bytes_go_though_the_matcher_does_not_answer_and_the_note_stays_until_it_does(
    on_file: SqliteDirectory, folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person_erasure, "_PAUSE_S", 0.01)
    asyncio.run(erase_while_busy(on_file, folder, *moved_in(on_file, "canary", clock.now)))


async def erase_while_busy(on_file: SqliteDirectory, folder: Path, who: str, canaries: list[str]) -> None:
    ids = [who, canaries[2]]  # the attendee's id and token stand in the note
    runner: Any = BusyRunner()
    erasures = Erasures(
        on_file, MemoryInboxes(), runner, MemoryJournal(), ConferenceRegistry(), asyncio.Lock(), lambda *_: None
    )
    running = asyncio.create_task(erasures.run())
    await erasures.begin("hims", [who])
    async with asyncio.timeout(LIMIT_S):
        while left(folder, [text for text in canaries if text not in ids]):  # noqa: ASYNC110  # a file has no events
            await asyncio.sleep(0.01)
        assert [each.attendee for each in on_file.erasing.pending()] == [who]
        runner.is_free = True
        while not on_file.erasing.is_finished():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert left(folder, canaries) == []
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
