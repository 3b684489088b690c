"""The state of an attendee's accounts according to the log, for pages and downloads.

Invariants:
- An account counts as "verified" only when the log says so, whatever the directory has noted already.
- An attendee who lost an account to a newer proof, or shares an unproved claim, learns that fact but never who the
  other person is.
"""

import asyncio
from collections.abc import Mapping
from typing import Literal

from services.api.attendee.schemas import AccountShown
from services.directory.port import Accounts, Holding
from services.runtime.ports import Matchers
from streams.matching import Matcher

# claimed: counts without proof. needs_proof: counts for nobody, or for somebody else. unfinished: proved, not yet in
# the log. lost: somebody else proved it later.
State = Literal["verified", "claimed", "needs_proof", "unfinished", "lost"]


def states(matcher: Matcher | None, attendee: str, held: Mapping[str, Holding]) -> dict[str, State]:
    """The state of each token of an attendee, without those given up. ``held``: what the directory has noted."""
    found = {token: _state(matcher, attendee, token, how) for token, how in held.items()}
    return {token: state for token, state in found.items() if state is not None}


def _state(matcher: Matcher | None, attendee: str, token: str, how: Holding) -> State | None:
    account = None if matcher is None else matcher.state.accounts_by_name.get(token)
    holder = None if account is None else account.verified
    if holder == attendee:
        return "verified"
    if how == "lost" or (how == "verified" and holder is not None):
        return "lost"
    if how == "verified":
        return "unfinished"
    if account is None or attendee not in account.claims:
        return None  # given up, or no longer named by the newest registration
    return "claimed" if account.owner == attendee else "needs_proof"


class AccountStates:
    """Gets an attendee's accounts from the directory and their states from the matcher. Raises as ``Matchers.ask``."""

    def __init__(self, accounts: Accounts, matchers: Matchers) -> None:
        self._accounts, self._matchers = accounts, matchers

    async def read(self, conference: str, attendee: str) -> tuple[AccountShown, ...]:
        """The attendee's own accounts in clear, by name."""
        stand = await self._states(conference, attendee)
        names = await asyncio.to_thread(self._accounts.accounts_of, stand)
        found = [
            AccountShown(names[token], state == "verified", state) for token, state in stand.items() if token in names
        ]
        return tuple(sorted(found, key=lambda each: each.account))

    async def verified_tokens(self, conference: str, attendee: str) -> set[str]:
        """The tokens of the accounts that the attendee has proved according to the log."""
        stand = await self._states(conference, attendee)
        return {token for token, state in stand.items() if state == "verified"}

    async def has_verified(self, conference: str, attendee: str, account: str) -> bool:
        """Whether the attendee has proved this account according to the log."""
        verified = await self.verified_tokens(conference, attendee)
        return account in (await asyncio.to_thread(self._accounts.accounts_of, verified)).values()

    async def _states(self, conference: str, attendee: str) -> dict[str, State]:
        held = await asyncio.to_thread(self._accounts.held_by, conference, attendee)
        return await self._matchers.ask(conference, lambda matcher: states(matcher, attendee, held))
