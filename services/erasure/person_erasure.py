"""Erases a person everywhere: the log, the directory's rows and the inboxes; after delivery the inboxes again, and all
bytes.

Responsibility: the order of the steps, and resuming what was interrupted.
Invariants: an erasure is not confirmed while a delivery under way could still bring something back. The files are
cleaned even while that cannot be said.
Why: once all outputs that the log had after the erasure are delivered, nothing older can arrive. The second erasure of
the inbox removes what arrived in between, and only then the directory deletes its note. Cleaning rewrites a whole file,
so nobody waits for it, and erasures that are complete at the same time share it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from schemas.position import Position
from services.admission.conference_registry import ConferenceRegistry
from services.directory.port import Directory, DirectoryError
from services.erasure.conference_erasure import WHOLE_CONFERENCE, ConferenceErasure
from services.erasure.dead_letters import erase_dead_letters
from services.inbox.port import Inboxes
from services.journal import Journal, JournalError
from services.runtime import BusyError, LogUnavailableError, StoppedError
from services.runtime.ports import Runner
from streams.matching import Matcher
from streams.runtime.inboxes import InboxForeignError, InboxLostError, InboxUnavailableError

_PAUSE_S = 0.5
_GATHER_S = 0.1  # after the files were cleaned, so that the next erasures share the next cleaning
_LATER = (
    InboxUnavailableError,
    InboxLostError,
    InboxForeignError,
    TimeoutError,
    LogUnavailableError,
    BusyError,
    DirectoryError,
    JournalError,
)
_log = structlog.get_logger("hallway.erasures")


@dataclass(slots=True)
class Erasures:
    """``end_streams``: called at once for each erased attendee. ``lock``: the lock of pseudonymization."""

    directory: Directory
    inboxes: Inboxes
    runner: Runner
    journal: Journal
    conferences: ConferenceRegistry
    lock: asyncio.Lock
    end_streams: Callable[[str, str], None]
    conference: ConferenceErasure | None = None
    _work: asyncio.Event = field(default_factory=asyncio.Event)
    _missed: bool = (
        True  # some may be erased in a log and not in the directory: before this process, or for want of room
    )
    _unclean: bool = False  # the directory's files may hold bytes of rows that this process deleted

    async def begin(self, conference: str, attendees: Sequence[str]) -> None:
        """Erases attendees whom the log has erased from the dead letters, the directory's rows and the inboxes; ``run``
        does the rest. The letters come first, because only the directory knows what the attendee is called."""
        try:
            owned = self.conferences.owned
            await asyncio.to_thread(erase_dead_letters, self.directory, self.journal, conference, attendees, owned)
            async with self.lock:
                self._unclean = True
                await asyncio.to_thread(self.directory.erasing.erase, conference, attendees)
        except (DirectoryError, JournalError) as error:
            self._missed = True
            _log.warning("erasing letters and directory is retried", conference=conference, error=type(error).__name__)
        for attendee in attendees:
            self.end_streams(conference, attendee)
            try:
                await self.inboxes.erase(conference, attendee)
            except _LATER:
                _log.warning("erasing an inbox is retried", conference=conference)
        self._work.set()

    async def is_under_way(self, conference: str) -> bool:
        """Whether an erasure in this conference is not finished, so that withdrawals may still arrive."""
        pending = await asyncio.to_thread(self.directory.erasing.pending)
        return any(erased.conference == conference for erased in pending)

    async def begin_conference(self, conference: str) -> str:
        """Erases a closed conference; ``run`` does the rest. Returns what remains elsewhere, as a sentence."""
        assert self.conference is not None
        try:
            await self.conference.begin(conference)
        finally:
            self._work.set()
        return self.conference.log.remains

    async def run(self) -> None:
        """Finishes pending erasures, with retries; cancel it to stop."""
        is_retry = False
        while True:
            self._work.clear()
            if self._missed:
                self._missed = False
                await self._resume_interrupted()
            is_done = await self._finish_pending()
            if self._unclean and is_retry:
                is_done &= await self._clean()
            is_retry = not is_done or self._missed
            await asyncio.sleep(_PAUSE_S if is_retry else _GATHER_S)
            if not is_retry:
                await self._work.wait()

    async def _resume_interrupted(self) -> None:
        """Resumes erasures that a log has but the directory does not: after a crash or a full disk, or because the
        directory was restored from an older copy."""
        for name in sorted(self.conferences.retired):
            if await asyncio.to_thread(self.directory.attendees, name):
                await self.begin_conference(name)
        for known in self.conferences:
            left = [who for who in sorted(known.erased) if not self.directory.is_erased(known.id, who)]
            if left:
                await self.begin(known.id, left)

    async def _finish_pending(self) -> bool:
        done, complete = True, dict[str, list[str]]()
        try:
            for erased in await asyncio.to_thread(self.directory.erasing.pending):
                try:
                    if erased.attendee != WHOLE_CONFERENCE:
                        await self._complete(erased.conference, erased.attendee)
                        complete.setdefault(erased.conference, []).append(erased.attendee)
                    elif self.conference is not None:
                        await self.conference.finish(erased.conference)
                except _LATER:
                    done = False
            return await self._confirm(complete) and done
        except StoppedError:
            return True

    async def _complete(self, conference: str, attendee: str) -> None:
        if not await self.runner.ask(conference, lambda matcher: _is_applied(matcher, attendee)):
            raise TimeoutError("The matcher has not applied the erasure yet.")
        checkpoint = await self.inboxes.checkpoint(conference)
        last = await asyncio.to_thread(self._last_output, conference, checkpoint)
        if last is not None and (checkpoint is None or Position.parse(checkpoint) < Position.parse(last)):
            raise TimeoutError("Delivery has not reached the erasure yet.")
        await self.inboxes.erase(conference, attendee)

    async def _confirm(self, complete: dict[str, list[str]]) -> bool:
        """Cleans the files and deletes the notes of these erasures. False: try again later."""
        try:
            if complete and not await asyncio.to_thread(self.journal.clean):
                return False  # another process reads the journal's file, so old bytes are left in it
            for conference, attendees in complete.items():
                async with self.lock:
                    self._unclean = True
                    await asyncio.to_thread(self.directory.erasing.confirm, conference, *attendees)
                    self._unclean = False
        except _LATER:
            return False
        return True

    async def _clean(self) -> bool:
        """Cleans the directory's files while an erasure is not complete elsewhere. False: try again later."""
        try:
            async with self.lock:
                await asyncio.to_thread(self.directory.erasing.finish)
                self._unclean = False
        except DirectoryError:
            return False
        return True

    def _last_output(self, conference: str, after: str | None) -> str | None:
        last = None
        for position, _ in self.journal.outputs(conference, after=after or None):
            last = position
        return last


def _is_applied(matcher: Matcher | None, attendee: str) -> bool:
    """Whether the matcher has applied the erasure. A conference that is not open yet has nothing to bring back."""
    return matcher is None or not matcher.state.opened or matcher.observer.people.is_erased(attendee)
