"""Proves that an account is the attendee's, by a one-time code that the account shows publicly.

Invariants:
- No code is made for an account that cannot be read, so that nobody posts one in vain.
- An account is reported as "verified" only when the log has the proof.
"""

import asyncio
from typing import Literal

from services.admission.ownership_proofs import OwnershipProofs
from services.api.attendee.account_states import AccountStates
from services.api.shared.guard import Caller
from services.api.shared.problems import ProblemError
from services.directory.port import CodeCheck, Codes, PostReader, Proof

ProofState = Literal["verified", "not_found", "expired", "too_many"]


class AccountProofs:
    """``reader``: None where no network's posts can be read. ``read_s``: how long a network may take to answer."""

    def __init__(
        self, codes: Codes, states: AccountStates, proofs: OwnershipProofs, reader: PostReader | None, read_s: float
    ) -> None:
        self._codes, self._states, self._proofs = codes, states, proofs
        self._reader, self._read_s = reader, read_s

    async def begin(self, caller: Caller, account: str) -> str:
        """A new code for the account. ProblemError 409, 429."""
        self._reader_of(account)
        code = await asyncio.to_thread(self._codes.begin, caller.conference, caller.subject, account)
        if code is None:
            raise ProblemError(429, "codes", "Too many codes in this hour. Use the last one, or wait.", retry_s=600)
        return code

    async def check(self, caller: Caller, account: str) -> ProofState:
        """The state of the account's code. ProblemError 409, 503; raises as ``Runner.take``."""
        proof = await self._interrupted(caller, account)
        state: ProofState = "expired"
        if proof is None:
            look = await self._look(caller, account)
            proof, state = look.proof, look.state
        if proof is not None:
            await self._proofs.finish(proof)
        elif state != "expired":
            return state
        if await self._states.has_verified(caller.conference, caller.subject, account):
            return "verified"  # also when the first response was lost
        if proof is None:
            return "expired"
        detail = "Your code was found, but somebody else has proved the account. Prove it again with a new code."
        raise ProblemError(409, "account", detail, field="account")

    async def withdraw(self, caller: Caller, account: str) -> None:
        """Invalidates all codes for the account."""
        await asyncio.to_thread(self._codes.withdraw, caller.conference, caller.subject, account)

    async def _interrupted(self, caller: Caller, account: str) -> Proof | None:
        """A proof of this account that has not reached the log yet."""
        proofs = await asyncio.to_thread(self._codes.pending, caller.conference, caller.subject)
        return next((proof for proof in proofs if proof.account == account), None)

    async def _look(self, caller: Caller, account: str) -> CodeCheck:
        reader = self._reader_of(account)
        try:
            async with asyncio.timeout(self._read_s):
                return await self._codes.check(caller.conference, caller.subject, account, reader)
        except OSError:  # TimeoutError is one
            detail = "The network does not answer. Try again in a minute."
            raise ProblemError(503, "network", detail, retry_s=60) from None

    def _reader_of(self, account: str) -> PostReader:
        if self._reader is None:
            detail = "This server reads no network's posts, so accounts cannot be proved here. Ask the organizer."
            raise ProblemError(409, "reader", detail)
        refusal = self._reader.refusal(account)
        if refusal is not None:
            raise ProblemError(409, "reader", refusal, field="account")
        return self._reader
