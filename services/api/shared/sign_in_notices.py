"""Notifies each session of an attendee about sign-ins that it has not dismissed.

Responsibility: what a session has not dismissed, and notifying the open streams when that changes.
"""

import asyncio
from collections.abc import Iterable, Sequence

import msgspec
import structlog
from msgspec import Struct

from schemas.times import format_time
from services.api.shared.guard import Caller
from services.api.shared.server_sent_events import StreamRegistry, chunk
from services.directory.port import DirectoryError, Sessions, SignIn

SIGN_INS = "sign_ins"  # the event's name on the stream
_log = structlog.get_logger("hallway.sessions")


class SignInShown(Struct, frozen=True):
    """Somebody signed in as this attendee. ``session``: the id to end it by, null if it has ended."""

    number: int
    device: str
    at: str
    session: str | None


class SignInNotices:
    """Used on the event loop."""

    def __init__(self, sessions: Sessions, streams: StreamRegistry) -> None:
        self._sessions, self._streams = sessions, streams

    async def unseen(self, caller: Caller) -> tuple[SignInShown, ...]:
        """The sign-ins that the caller's session has not dismissed. DirectoryError."""
        return (await self._unseen(caller.conference, caller.subject, [caller.id])).get(caller.id, ())

    async def notify(self, conference: str, attendee: str) -> None:
        """Sends each open stream of an attendee the sign-ins that its session has not dismissed: after a sign-in, a
        sign-out or a dismissal.

        Never fails: where the directory is unavailable, a stream gets them when it reconnects.
        """
        owners = self._streams.owners(conference, attendee)
        try:
            found = await self._unseen(conference, attendee, [owner.grant for owner in owners]) if owners else {}
        except DirectoryError:
            _log.warning("sign-in notices are sent later")
            return
        for owner in owners:
            self._streams.notify(owner, SIGN_INS, sign_ins_chunk(found.get(owner.grant, ())))

    async def _unseen(
        self, conference: str, attendee: str, grants: Sequence[str]
    ) -> dict[str, tuple[SignInShown, ...]]:
        found = await asyncio.to_thread(self._sessions.unseen, conference, attendee, grants)
        living: set[str] = set()
        if any(found.values()):
            living = {row.id for row in await asyncio.to_thread(self._sessions.active, conference, attendee)}
        return {grant: tuple(_shown(those, living)) for grant, those in found.items()}


def sign_ins_chunk(shown: Sequence[SignInShown]) -> bytes:
    """The chunk with all sign-ins that are not dismissed."""
    return chunk(SIGN_INS, msgspec.json.encode({SIGN_INS: shown}))


def _shown(those: Iterable[SignIn], living: set[str]) -> Iterable[SignInShown]:
    for each in those:
        yield SignInShown(
            each.number, each.device, format_time(each.at), each.session if each.session in living else None
        )
