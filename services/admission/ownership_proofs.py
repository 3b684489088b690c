"""A proved account on its way into the log: what a crash or a log that was away interrupted is finished.

Invariants:
- The directory notes a proof before the log is told, and forgets the note when the log has it (``codes``).
- The same proof said again is the same events, by their ids: it is verified once.
"""

import asyncio

import structlog

from services.admission.intake import Intake
from services.admission.registration import verifications
from services.admission.returning_attendees import Returning
from services.admission.sender import VERIFIER
from services.directory.port import Codes, DirectoryError, Proof
from services.journal import JournalError
from services.runtime import BusyError, StoppedError, UnavailableError

RETRY_S = 5.0
_LATER = (TimeoutError, UnavailableError, BusyError, JournalError, DirectoryError)
_log = structlog.get_logger("hallway.proofs")


class OwnershipProofs:
    """Brings proofs into the log."""

    def __init__(self, codes: Codes, admission: Intake, returning: Returning) -> None:
        self._codes, self._admission, self._returning = codes, admission, returning

    async def finish(self, proof: Proof) -> None:
        """Tells the log, then forgets the note; a refusal (somebody was erased) is final too.

        Bars of whoever was erased and had one of the accounts, or had it until now, are said before. Raises as
        ``Runner.take``.
        """
        await self._returning.barred(proof.conference, proof.attendee, proof.accounts)
        await self._returning.took_over(proof.conference, proof.attendee, proof.accounts)
        await self._admission.say(verifications(proof), VERIFIER)
        await asyncio.to_thread(self._codes.finish, proof)

    async def run(self) -> None:
        """Finishes every proof that is noted, at the start and from then on; cancel it."""
        while True:
            try:
                for proof in await asyncio.to_thread(self._codes.unfinished):
                    await self.finish(proof)
            except StoppedError:
                return
            except _LATER as error:
                _log.warning("a proof is finished later", error=type(error).__name__)
            await asyncio.sleep(RETRY_S)
