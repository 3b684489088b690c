"""Whose posts matter to a conference, for its connectors: its hashtags, and the accounts of people who opted in.

Invariants: an account is in it only while its owner has proved it, according to the log, and consents to matching.
"""

import asyncio
from dataclasses import dataclass

from services.admission.conference_registry import ConferenceRegistry
from services.connectors.intake_ports import IntakeBusyError
from services.connectors.port import Audience
from services.directory.port import Directory
from services.runtime import BusyError, StoppedError
from services.runtime.ports import Matchers
from streams.matching import Matcher
from streams.matching.state import NEVER


@dataclass(frozen=True, slots=True)
class Audiences:
    """Reads the audience of a conference."""

    matchers: Matchers
    directory: Directory
    conferences: ConferenceRegistry

    async def read(self, conference: str) -> Audience:
        """The audience now; empty for a conference that is not open. IntakeBusyError."""
        entry = self.conferences.get(conference)
        if entry is None or entry.opened is None or entry.closed:
            return Audience()
        try:
            tokens = await self.matchers.ask(conference, proved_accounts)
        except (BusyError, StoppedError, TimeoutError):
            raise IntakeBusyError from None
        accounts = frozenset((await asyncio.to_thread(self.directory.accounts.accounts_of, tokens)).values())
        tracked = frozenset({*entry.opened.hashtags, *(chat.hashtag for chat in entry.opened.chats)})
        mark = self.directory.trace(f"audience {conference} {' '.join(sorted(accounts))}") if accounts else ""
        return Audience(tracked, accounts, mark)


def proved_accounts(matcher: Matcher | None) -> list[str]:
    """The accounts, as the log names them, that registered people who consent to matching have proved."""
    if matcher is None:
        return []
    accounts, people = matcher.state.accounts, matcher.state.attendees.values()
    ready = [person for person in people if person.matching and person.registered != NEVER]
    own = [accounts[number] for person in ready for number in person.accounts]
    return [account.text for account in own if account.verified is not None]
