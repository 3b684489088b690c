"""Erases a whole conference after the event: log, outputs, inboxes, people, keys, dead letters.

Responsibility: the order of the steps, and resuming what was interrupted.
Invariants: only a closed conference is erased (the route checks). Its id is not usable again before nothing of it is
left. Each step may be repeated.
Why: the directory goes first and notes the erasure; the note is deleted last, so the next start resumes whatever was
interrupted in between. While it is noted, admission refuses events for the conference.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import structlog

from services.admission.conference_registry import SNAPSHOT, ConferenceRegistry
from services.admission.event_admission import EventAdmission
from services.directory.port import Directory
from services.erasure.dead_letters import erase_conference_dead_letters, erase_dead_letters
from services.inbox.port import Inboxes
from services.journal import Journal

WHOLE_CONFERENCE = ""  # the attendee under which the directory notes a whole conference
_log = structlog.get_logger("hallway.erasures")


class LogRemoval(NamedTuple):
    """How the log of a closed conference is removed. ``remove``: deletes the log and everything derived from it.
    ``is_done``: whether it has. ``remains``: what is left elsewhere and for how long, as a sentence for the caller."""

    remove: Callable[[str], Awaitable[None]]
    is_done: Callable[[str], bool]
    remains: str = ""


@dataclass(slots=True)
class ConferenceErasure:
    """``log``: how the log is removed. ``end_streams``: ends its streams. ``forget_counts``: drops its overview."""

    directory: Directory
    journal: Journal
    inboxes: Inboxes
    log: LogRemoval
    conferences: ConferenceRegistry
    end_streams: Callable[[str], None]
    forget_counts: Callable[[str], Awaitable[None]]
    admission: EventAdmission
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.conferences.being_erased.update(
            conference for conference, attendee in self._noted() if attendee == WHOLE_CONFERENCE
        )

    async def begin(self, conference: str) -> None:
        """Erases the conference: nobody can see it or add to it any more. ``finish`` removes the remaining bytes."""
        async with self._one:
            try:
                await self._begin(conference)
            finally:
                if (conference, WHOLE_CONFERENCE) not in self._noted():
                    self.conferences.being_erased.discard(conference)  # nothing was erased

    def _noted(self) -> list[tuple[str, str]]:
        return [(each.conference, each.attendee) for each in self.directory.erasing.pending()]

    async def _begin(self, conference: str) -> None:
        self.conferences.being_erased.add(conference)
        await self.admission.drain()
        await asyncio.to_thread(self._letters, conference)
        async with self.admission.lock:
            await asyncio.to_thread(self.directory.erase_conference, conference)
        self.end_streams(conference)
        await self.log.remove(conference)
        self.conferences.forget(conference)
        await self.forget_counts(conference)
        await self.inboxes.forget(conference)
        await asyncio.to_thread(self.journal.drop_snapshots, SNAPSHOT)
        _log.info("conference erased", conference=conference)

    def _letters(self, conference: str) -> None:
        """Erases the dead letters that may name any of its people, then those of the conference."""
        everybody = self.directory.attendees(conference)
        erase_dead_letters(self.directory, self.journal, conference, everybody, self.conferences.owned)
        erase_conference_dead_letters(self.directory, self.journal, conference)

    async def finish(self, conference: str) -> None:
        """Removes the remaining bytes, then deletes the note. TimeoutError where a reader keeps old bytes in a file."""
        async with self._one:
            if self.conferences.get(conference) is not None or not self.log.is_done(conference):
                await self._begin(conference)  # a crash interrupted it
            while await asyncio.to_thread(self.journal.shrink):
                pass
            await self.inboxes.forget(conference)
            if not await asyncio.to_thread(self.journal.clean):
                raise TimeoutError("Another process reads the journal's file, so old bytes are left in it.")
            async with self.admission.lock:
                await asyncio.to_thread(self.directory.erasing.finish)
                await asyncio.to_thread(self.directory.erasing.confirm, conference, WHOLE_CONFERENCE)
            self.conferences.being_erased.discard(conference)
