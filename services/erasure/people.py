"""Erasing a person everywhere: the log first, then the directory, the inboxes, and these again at the log's place.

Owns: the order, and going on with what was interrupted. May never: confirm what a delivery under way could bring back.
Theory: when all outputs that the log had after the erasure are delivered, nothing older can come any more; what comes
then is taken out by the second erasing of the inbox, and only then the directory forgets that there was something.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from services.admission.conferences import Conferences
from services.directory.port import Directory, DirectoryError
from services.erasure.conferences import WHOLE, ConferenceErasing
from services.erasure.dead_letters import erase_letters
from services.inbox.port import Inboxes, InboxForeignError, InboxLostError, InboxUnavailableError
from services.inbox.position import order
from services.journal import Journal, JournalError
from services.runtime import BusyError, StoppedError, UnavailableError
from services.runtime.ports import Runner
from streams.matching import Matcher

_PAUSE_S = 0.5
_LATER = (
    InboxUnavailableError,
    InboxLostError,
    InboxForeignError,
    TimeoutError,
    UnavailableError,
    BusyError,
    DirectoryError,
    JournalError,
)
_log = structlog.get_logger("hallway.erasures")


@dataclass(slots=True)
class Erasures:
    """``ended`` is told who is gone, at once; ``lock`` is that of translating."""

    directory: Directory
    inboxes: Inboxes
    runner: Runner
    journal: Journal
    conferences: Conferences
    lock: asyncio.Lock
    ended: Callable[[str, str], None]
    conference: ConferenceErasing | None = None
    _work: asyncio.Event = field(default_factory=asyncio.Event)
    _missed: bool = (
        True  # some may be erased in a log and not in the directory: before this process, or for want of room
    )

    async def begin(self, conference: str, attendees: Sequence[str]) -> None:
        """The log has erased them: they go from the dead letters, the directory and the inboxes; the rest follows by
        itself. The letters first: only the directory knows what the attendee is called."""
        try:
            owned = self.conferences.owned
            await asyncio.to_thread(erase_letters, self.directory, self.journal, conference, attendees, owned)
            async with self.lock:
                await asyncio.to_thread(self.directory.erasing.erase, conference, attendees)
        except (DirectoryError, JournalError) as error:
            self._missed = True
            _log.warning("letters and directory erase later", conference=conference, error=type(error).__name__)
        for attendee in attendees:
            self.ended(conference, attendee)
            try:
                await self.inboxes.erase(conference, attendee)
            except _LATER:
                _log.warning("an inbox is erased later", conference=conference)
        self._work.set()

    async def is_under_way(self, conference: str) -> bool:
        """Whether somebody of this conference is being erased, and something of it may still come."""
        pending = await asyncio.to_thread(self.directory.erasing.pending)
        return any(erased.conference == conference for erased in pending)

    async def begin_conference(self, conference: str) -> str:
        """Erases a whole conference that is closed; the rest follows by itself. Says what remains elsewhere."""
        assert self.conference is not None
        try:
            await self.conference.begin(conference)
        finally:
            self._work.set()
        return self.conference.log.remains

    async def run(self) -> None:
        """Finishes what is pending, again and again; cancel it."""
        while True:
            self._work.clear()
            if self._missed:
                self._missed = False
                await self._interrupted()
            if await self._all() and not self._missed:
                await self._work.wait()
            else:
                await asyncio.sleep(_PAUSE_S)

    async def _interrupted(self) -> None:
        """Whom a log has erased and the directory still knows: a crash or a full disk came in between, or the
        directory is an older one."""
        for name in sorted(self.conferences.ended):
            if await asyncio.to_thread(self.directory.attendees, name):
                await self.begin_conference(name)
        for known in self.conferences:
            left = [who for who in sorted(known.erased) if not self.directory.gone(known.id, who)]
            if left:
                await self.begin(known.id, left)

    async def _all(self) -> bool:
        done = True
        for erased in await asyncio.to_thread(self.directory.erasing.pending):
            try:
                if erased.attendee != WHOLE:
                    await self._finish(erased.conference, erased.attendee)
                elif self.conference is not None:
                    await self.conference.finish(erased.conference)
            except StoppedError:
                return True
            except _LATER:
                done = False
        return done

    async def _finish(self, conference: str, attendee: str) -> None:
        if not await self.runner.ask(conference, lambda matcher: _is_past(matcher, attendee)):
            raise TimeoutError("The fold has not come to it yet.")
        mark = await self.inboxes.delivered(conference)
        last = await asyncio.to_thread(self._last, conference, mark)
        if last is not None and (mark is None or order(mark) < order(last)):
            raise TimeoutError("The delivery has not come to it yet.")
        await self.inboxes.erase(conference, attendee)
        if not await asyncio.to_thread(self.journal.clean):
            raise TimeoutError("Somebody else reads the journal's file, so old bytes are left in it.")
        async with self.lock:
            await asyncio.to_thread(self.directory.erasing.finish)
            await asyncio.to_thread(self.directory.erasing.confirm, conference, attendee)

    def _last(self, conference: str, after: str | None) -> str | None:
        last = None
        for position, _ in self.journal.outputs(conference, after=after or None):
            last = position
        return last


def _is_past(matcher: Matcher | None, attendee: str) -> bool:
    """Whether the fold knows of the erasure; one of a conference that is not open yet has nothing to bring back."""
    return matcher is None or not matcher.state.opened or matcher.observer.people.is_erased(attendee)
