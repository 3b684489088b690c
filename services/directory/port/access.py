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
    """Issues, recognizes and revokes."""

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

        ValueError with a sentence for what may not be: a name of the server's own, a span, too many keys.
        """

    def session_of(self, grant: Grant, days: int) -> str:
        """A session of a key's holder; it ends with the key at the latest. A session's own belong to its key too."""

    def authenticate(self, token: str) -> Grant | None:
        """Who holds this key or session; None for one that is unknown, expired or revoked, and for links."""

    def active(self, grants: Collection[str]) -> set[str]:
        """Those of these ids that are known, not expired and not ended."""

    def revoke(self, grant: str) -> bool:
        """Ends one, by its public id, and the sessions that came from it."""

    def sessions_of(self, key: str) -> list[str]:
        """The ids of the sessions that came from a key."""

    def page(self, after: str = "", most: int = 100) -> list[KeyRow]:
        """A page of all keys, also expired and revoked ones, by their ids."""

    def checkin_keys(self, conference: str, most: int = MOST_KEYS) -> list[KeyRow]:
        """The good keys of connectors that may bring check-ins at a conference, the newest first."""

    def count_scanners(self, conferences: Collection[str]) -> int:
        """How many good keys organizers made for scanners of these conferences."""

    def is_organizer(self, subject: str, conference: str | None = None) -> bool:
        """Whether somebody has a good organizer's key (``conference``: that names this one), or a session of one."""

    def grants_of(self, role: Role, subject: str) -> list[tuple[Grant, int | None, bool]]:
        """The grants of somebody, when each was last used, and whether it is revoked; no secrets."""


class Sessions(Protocol):
    """Signs attendees in, lists and ends their sessions."""

    def first_link(self, conference: str, attendee: str) -> str | NoLink:
        """The secret part of a link for somebody registered who has never signed in: good once."""

    def device_link(self, session: Grant) -> str | NoLink:
        """The secret part of a link for another device of this session's owner; ends the one made before."""

    def sign_in(self, link: str, device: str) -> NewSession | None:
        """A session for a link, which ends all other links of its person; None for one that is not good."""

    def active(self, conference: str, attendee: str) -> list[SessionRow]:
        """The living sessions of an attendee, the oldest first."""

    def end(self, conference: str, attendee: str, session: str) -> bool:
        """Ends one of this attendee's own, with the links that it made."""

    def end_others(self, session: Grant) -> list[str]:
        """Ends all of this session's owner but this one; their ids. Links that are not used yet end too."""

    def sign_ins(self, conference: str, attendee: str) -> list[SignIn]:
        """The last ones of an attendee, the oldest first."""

    def unseen(self, conference: str, attendee: str, sessions: Collection[str]) -> Mapping[str, list[SignIn]]:
        """Of each of these sessions of an attendee: the sign-ins after its own that it has not dismissed."""

    def dismiss(self, session: Grant, number: int) -> None:
        """This session has seen the sign-ins up to this number; never those that are to come."""


class PostReader(Protocol):
    """Reads what an account shows to everybody; accounts are in their normal form."""

    def refusal(self, account: str) -> str | None:
        """Why this account can never be read, and what to do instead, in sentences for a person; None: it can."""

    async def read(self, account: str) -> PublicProfile:
        """What it shows now. OSError: that cannot be told now."""


class Codes(Protocol):
    """Makes one-time codes, looks for them, and keeps what they proved until the log has it."""

    def begin(self, conference: str, attendee: str, account: str) -> str | None:
        """The text to post, shown once; None after too many in the last hour. ValueError for what is no account.

        An earlier code for the same account ends. ErasedError.
        """

    async def check(self, conference: str, attendee: str, account: str, reader: PostReader) -> CodeCheck:
        """Whether the code stands there. ``verified`` once; the look counts before anything is fetched."""

    def pending(self, conference: str | None = None, attendee: str | None = None) -> list[Proof]:
        """The proofs that the log is still to have, the oldest first; of one attendee, or of everybody."""

    def withdraw(self, conference: str, attendee: str, account: str) -> None:
        """The attendee gives the account up: a proof of it that the log has not is none any more."""

    def finish(self, proof: Proof) -> None:
        """The log has it, or will never have it."""


class AuditLog(Protocol):
    """Who looked at what is masked, and when; entries go by age alone."""

    def write(self, grant: Grant, action: Action, what: int) -> None:
        """Writes an entry; it is on the disk when this returns. AuditFullError; DirectoryError: nothing is written."""

    def entries(self, after: int = 0, most: int = PAGE_ENTRIES) -> list[AuditEntry]:
        """A page, by number."""
