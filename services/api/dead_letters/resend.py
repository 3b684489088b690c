"""Resends a dead letter: authorizes the sender, claims the letter, submits the event, settles the claim.

Invariants: a letter is never sent as two events, and one that is still invalid does not become another letter.
Why: a letter is claimed for one event id before it is sent. After a crash in between it can only be sent as the same
event, which the log recognises as a duplicate; once settled it cannot be sent at all. An organizer resends in its own
name. The operator resends in the name of the original sender, for whom it could make a key anyway.
"""

import asyncio
from hashlib import blake2b

from msgspec import Struct

from schemas.events import Input
from services.admission.event_admission import EventAdmission
from services.admission.results import Result
from services.admission.sender import Sender
from services.api.dead_letters.masking import masked_source
from services.api.shared.guard import Caller
from services.api.shared.injection import Clock
from services.api.shared.problems import ProblemError
from services.directory.port import RESERVED_CONNECTORS, Keys
from services.journal import Journal, JournalError
from services.runtime.results import BusyError, LogUnavailableError, StoppedError
from streams.runtime.ticks import TICK_PREFIX

_NOT_RECORDED = (LogUnavailableError, BusyError, StoppedError, JournalError)
_DIGEST_BYTES = 16


class ResendRequest(Struct, frozen=True):
    """The letter's number, its original sender, and the bytes to send."""

    number: int
    source: str
    line: bytes


class Resender:
    """Resends a letter in the name of its sender, or of the caller."""

    def __init__(self, journal: Journal, keys: Keys, admission: EventAdmission, clock: Clock) -> None:
        self._journal, self._keys, self._admission, self._clock = journal, keys, admission, clock

    async def resend(self, caller: Caller, request: ResendRequest, *, dry_run: bool) -> Result:
        """The result, or (``dry_run``) what it would be. ProblemError 409: it was resent already, or nobody can."""
        sender = await asyncio.to_thread(self._sender, caller, request.source)
        checked = self._admission.check(request.line, sender)
        if isinstance(checked, Result):
            return checked
        if checked.id.startswith(TICK_PREFIX):
            return Result("rejected", reason=f"An id that starts with {TICK_PREFIX} is the log's own.", field="id")
        if dry_run:
            return Result("good")
        return await self._send(sender, request, checked)

    async def _send(self, sender: Sender, request: ResendRequest, event: Input) -> Result:
        journal, number = self._journal, request.number
        sent_as = blake2b(event.id.encode(), digest_size=_DIGEST_BYTES).digest()
        if not await asyncio.to_thread(journal.claim_dead_letter, number, sent_as):
            detail = "This letter was resent already. Send a new event if that is not enough."
            raise ProblemError(409, "sent", detail)
        try:
            (result,) = await self._admission.admit_lines([request.line], sender)
        except _NOT_RECORDED:
            await asyncio.to_thread(journal.settle_dead_letter, number, None)
            raise
        rejected = result.status == "rejected"
        await asyncio.to_thread(journal.settle_dead_letter, number, None if rejected else self._clock())
        return result

    def _sender(self, caller: Caller, source: str) -> Sender:
        role, _, name = source.partition(":")
        if caller.role != "operator" or (role == "connector" and name in RESERVED_CONNECTORS):
            return caller.sender
        if role == "organizer":
            return Sender(role="organizer", id=name)
        now = self._clock()
        good = [
            grant
            for grant, _, revoked in self._keys.grants_of("connector", name)
            if not revoked and now < grant.expires
        ]
        if role != "connector" or not good:
            detail = f"{masked_source(source)} has no valid key. Make one, or send a new event."
            raise ProblemError(409, "source", detail)
        conferences = frozenset(conference for grant in good for conference in grant.conferences)
        has_checkins = any(grant.checkins for grant in good)
        return Sender(role="connector", id=name, conferences=conferences, checkins=has_checkins)
