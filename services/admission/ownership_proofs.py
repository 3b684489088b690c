"""Brings proofs of account ownership into the log, and finishes those that a crash or an outage interrupted.

Invariants:
- The directory notes a proof before the log gets it, and deletes the note once the log has it (``codes``).
- The same proof always gives the same events, by id, so an account is verified once.
"""

import asyncio

import structlog

from services.admission.event_admission import EventAdmission
from services.admission.registration.enrolment import verifications
from services.admission.registration.returning_attendees import ReturningAttendees
from services.admission.sender import VERIFIER
from services.directory.port import Codes, DirectoryError, Proof
from services.journal import JournalError
from services.runtime import BusyError, LogUnavailableError, StoppedError

RETRY_S = 5.0
_LATER = (TimeoutError, LogUnavailableError, BusyError, JournalError, DirectoryError)
_log = structlog.get_logger("hallway.proofs")


class OwnershipProofs:
    """Brings proofs into the log."""

    def __init__(self, codes: Codes, admission: EventAdmission, returning: ReturningAttendees) -> None:
        self._codes, self._admission, self._returning = codes, admission, returning

    async def finish(self, proof: Proof) -> None:
        """Sends the proof to the log, then deletes its note; a refusal (somebody was erased) is final too.

        Blocks of erased people who had one of the accounts, and of its previous holder, are restored first. Raises as
        ``Runner.take``.
        """
        await self._returning.restore_blocks(proof.conference, proof.attendee, proof.accounts)
        await self._returning.inherit_blocks(proof.conference, proof.attendee, proof.accounts)
        await self._admission.admit_events(verifications(proof), VERIFIER)
        await asyncio.to_thread(self._codes.finish, proof)

    async def run(self) -> None:
        """Finishes every noted proof, at the start and from then on; cancel it to stop."""
        while True:
            try:
                for proof in await asyncio.to_thread(self._codes.pending):
                    await self.finish(proof)
            except StoppedError:
                return
            except _LATER as error:
                _log.warning("a proof is retried later", error=type(error).__name__)
            await asyncio.sleep(RETRY_S)
