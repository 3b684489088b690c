"""The port for access: keys, attendees' links and sessions, codes that prove an account, the audit log.

Invariants: no secret is stored in clear, and secrets are compared in constant time. An erased attendee gets no link,
session or code (ErasedError), even if both happen at the same time. An audit entry is durable when ``write`` returns.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from services.directory.port.limits import KEY_DAYS, MOST_KEYS, PAGE_ENTRIES
from services.directory.port.values import (
    Action,
    AuditEntry,
    CodeCheck,
    Grant,
    KeyRow,
    NewSession,
    NoLink,
    Proof,
    PublicProfile,
    Role,
    SessionRow,
    SignIn,
)


class Keys(Protocol):
    """Issues, recognizes and revokes keys."""

    def issue_key(
        self,
        role: Role,
        subject: str,
        conferences: Sequence[str] = (),
        *,
        checkins: bool = False,
        only_checkins: bool = False,
        days: int = KEY_DAYS,
    ) -> str:
        """A key for an organizer, a connector or an operator, to be shown once.

        ValueError with a sentence for a person: a reserved name, a bad number of days, too many keys.
        """

    def session_of(self, grant: Grant, days: int) -> str:
        """A session of a key's holder; it ends with the key at the latest. A session's session belongs to the key."""

    def authenticate(self, token: str) -> Grant | None:
        """The holder of this key or session; None if it is unknown, expired or revoked, and for links."""

    def active(self, grants: Collection[str]) -> set[str]:
        """The ids among these that are neither expired nor revoked."""

    def revoke(self, grant: str) -> bool:
        """Revokes a key or session by its public id, with the sessions that came from it; False if it is unknown."""

    def sessions_of(self, key: str) -> list[str]:
        """The ids of the sessions that came from a key."""

    def page(self, after: str = "", most: int = 100) -> list[KeyRow]:
        """A page of all keys, including expired and revoked ones, sorted by id."""

    def checkin_keys(self, conference: str, most: int = MOST_KEYS) -> list[KeyRow]:
        """The active keys of connectors that may send check-ins of a conference, newest first."""

    def count_scanners(self, conferences: Collection[str]) -> int:
        """How many active scanner keys organizers have made for these conferences."""

    def is_organizer(self, subject: str, conference: str | None = None) -> bool:
        """Whether somebody has an active organizer's key or session (``conference``: one that names it)."""

    def grants_of(self, role: Role, subject: str) -> list[tuple[Grant, int | None, bool]]:
        """Somebody's grants, when each was last used, and whether it is revoked; no secrets."""


class Sessions(Protocol):
    """Signs attendees in, and lists and ends their sessions."""

    def first_link(self, conference: str, attendee: str) -> str | NoLink:
        """The secret of a link, valid once, for somebody registered who has never signed in; or why there is none."""

    def device_link(self, session: Grant) -> str | NoLink:
        """The secret of a link for another device of this attendee, or why there is none. Ends the previous link."""

    def sign_in(self, link: str, device: str) -> NewSession | None:
        """A session for a link, which ends all other links of its person; None for an invalid link."""

    def active(self, conference: str, attendee: str) -> list[SessionRow]:
        """The live sessions of an attendee, oldest first."""

    def end(self, conference: str, attendee: str, session: str) -> bool:
        """Ends one of this attendee's sessions, with the links that it made; False if there is none."""

    def end_others(self, session: Grant) -> list[str]:
        """Ends all other sessions of this session's attendee, and unused links. Returns the ids of the sessions."""

    def sign_ins(self, conference: str, attendee: str) -> list[SignIn]:
        """The last sign-ins of an attendee, oldest first."""

    def unseen(self, conference: str, attendee: str, sessions: Collection[str]) -> Mapping[str, list[SignIn]]:
        """For each of these sessions of an attendee, the sign-ins after its own that it has not dismissed."""

    def dismiss(self, session: Grant, number: int) -> None:
        """Dismisses the sign-ins up to this number for this session; never future ones."""


class PostReader(Protocol):
    """Reads what an account shows publicly. Accounts are normalized."""

    def refusal(self, account: str) -> str | None:
        """Why this account can never be read, and what to do instead, for a person; None where it can."""

    async def read(self, account: str) -> PublicProfile:
        """What the account shows now. OSError where it cannot be read now."""


class Codes(Protocol):
    """Makes one-time codes, checks them, and stores proofs until the log has them."""

    def begin(self, conference: str, attendee: str, account: str) -> str | None:
        """The text to post, shown once; None after too many in the last hour. ValueError for an invalid account.

        An earlier code for the same account ends. ErasedError.
        """

    async def check(self, conference: str, attendee: str, account: str, reader: PostReader) -> CodeCheck:
        """Checks whether the account shows the code. ``verified`` only once; a check counts before anything is read."""

    def pending(self, conference: str | None = None, attendee: str | None = None) -> list[Proof]:
        """The proofs that the log does not have yet, oldest first; of one attendee, or of everybody."""

    def withdraw(self, conference: str, attendee: str, account: str) -> None:
        """Deletes the attendee's pending proof of an account that they give up."""

    def finish(self, proof: Proof) -> None:
        """Deletes a proof that the log has, or will never have."""


class AuditLog(Protocol):
    """Who looked at masked content, and when; entries are deleted by age alone."""

    def write(self, grant: Grant, action: Action, what: int) -> None:
        """Writes an entry, durable on return. AuditFullError; DirectoryError: nothing was written."""

    def entries(self, after: int = 0, most: int = PAGE_ENTRIES) -> list[AuditEntry]:
        """A page of entries, sorted by number."""
