"""A dead letter on its way in again: checked, claimed, sent, settled.

Owns: the order of these, and in whose name it is sent. May never: send a letter as two events, or let one that is still
bad become a further letter.
Theory: a letter is claimed for one event id before it is sent. After a crash in between it can only be sent as the same
event, which the log recognises; once it is settled it cannot be sent at all. An organizer sends in its own name. The
operator sends in the name of who brought the letter: it could make a key for them as well.
"""

import asyncio
from hashlib import blake2b

from msgspec import Struct

from schemas.events import Input
from services.admission.intake import Intake, Result
from services.admission.sender import Sender
from services.api.dead_letters.masking import masked_source
from services.api.shared.guard import Caller
from services.api.shared.injection import Clock
from services.api.shared.problems import ProblemError
from services.directory.port import RESERVED_CONNECTORS, Keys
from services.journal import Journal, JournalError
from services.runtime.event_validator import TICK_PREFIX
from services.runtime.results import BusyError, StoppedError, UnavailableError

_NOTHING_TAKEN = (UnavailableError, BusyError, StoppedError, JournalError)
_DIGEST_BYTES = 16


class Again(Struct, frozen=True):
    """A letter, who brought it, and the bytes to send."""

    number: int
    source: str
    line: bytes


class Resender:
    """Sends one in the name of its sender, or of the caller."""

    def __init__(self, journal: Journal, keys: Keys, admission: Intake, clock: Clock) -> None:
        self._journal, self._keys, self._admission, self._clock = journal, keys, admission, clock

    async def resend(self, caller: Caller, again: Again, *, dry_run: bool) -> Result:
        """What became of it, or (``dry_run``) would. ProblemError: it was sent already, or nobody can send it."""
        sender = await asyncio.to_thread(self._sender, caller, again.source)
        checked = self._admission.check(again.line, sender)
        if isinstance(checked, Result):
            return checked
        if checked.id.startswith(TICK_PREFIX):
            return Result("rejected", reason=f"An id that starts with {TICK_PREFIX} is the log's own.", field="id")
        if dry_run:
            return Result("good")
        return await self._send(sender, again, checked)

    async def _send(self, sender: Sender, again: Again, event: Input) -> Result:
        journal, number = self._journal, again.number
        sent_as = blake2b(event.id.encode(), digest_size=_DIGEST_BYTES).digest()
        if not await asyncio.to_thread(journal.claim_letter, number, sent_as):
            detail = "This letter was sent again already. Send a new event if that is not enough."
            raise ProblemError(409, "sent", detail)
        try:
            (result,) = await self._admission.take([again.line], sender)
        except _NOTHING_TAKEN:
            await asyncio.to_thread(journal.settle_letter, number, None)
            raise
        rejected = result.status == "rejected"
        await asyncio.to_thread(journal.settle_letter, number, None if rejected else self._clock())
        return result

    def _sender(self, caller: Caller, source: str) -> Sender:
        role, _, name = source.partition(":")
        if caller.role != "operator" or (role == "connector" and name in RESERVED_CONNECTORS):
            return caller.sender
        if role == "organizer":
            return Sender(role="organizer", id=name)
        now = self._clock()
        good = [
            grant for grant, _, revoked in self._keys.listed("connector", name) if not revoked and now < grant.expires
        ]
        if role != "connector" or not good:
            detail = f"{masked_source(source)} has no key that is still good. Make one, or send a new event."
            raise ProblemError(409, "source", detail)
        conferences = frozenset(conference for grant in good for conference in grant.conferences)
        has_checkins = any(grant.checkins for grant in good)
        return Sender(role="connector", id=name, conferences=conferences, checkins=has_checkins)
