"""Senders, and the results of authorization.

Invariants: a sender never comes from what a client writes; ``sender_of`` derives it from a valid key or session.
"""

from typing import Literal

from msgspec import Struct

from schemas.events import Input, Role
from services.directory.port import RESERVED_CONNECTORS, Grant

Kind = Literal["forbidden", "gone", "bad"]

STATUS: dict[Kind, int] = {"forbidden": 403, "gone": 410, "bad": 422}


class Sender(Struct, frozen=True, kw_only=True):
    """Who speaks. An attendee speaks in one conference.

    ``checkins``: a connector may bring them; ``only_checkins``: and nothing else.
    """

    role: Role
    id: str
    conferences: frozenset[str] = frozenset()
    checkins: bool = False
    only_checkins: bool = False

    @property
    def budget(self) -> str:
        """Whose rates count: those of the role, or of a scanner."""
        return "scanner" if self.only_checkins else self.role

    @property
    def key(self) -> str:
        """By whom budgets are counted, whatever number of keys and sessions they have.

        An attendee's id is a conference's own; the scanners of a conference share what it has."""
        named = " ".join(sorted(self.conferences)) if self.role == "attendee" or self.only_checkins else ""
        return f"{self.budget} {named} {'' if self.only_checkins else self.id}"


class Authorized(Struct, frozen=True):
    """The event as the door lets it through."""

    event: Input


class Refused(Struct, frozen=True):
    """Why not, in a sentence for a person; never what somebody else has or does."""

    reason: str
    kind: Kind
    field: str | None = None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS[self.kind]


# Inside the server: who checked a one-time code, and who owns the log.
VERIFIER = Sender(role="verifier", id="verifier")
OWNER = Sender(role="owner", id="clock")
assert {VERIFIER.id, OWNER.id, "operator"} == RESERVED_CONNECTORS


def sender_of(grant: Grant) -> Sender:
    """The sender behind a good key or session."""
    assert not (grant.role == "connector" and grant.subject in RESERVED_CONNECTORS)
    assert grant.role != "attendee" or len(grant.conferences) == 1
    return Sender(
        role=grant.role,
        id=grant.subject,
        conferences=frozenset(grant.conferences),
        checkins=grant.checkins,
        only_checkins=grant.only_checkins,
    )


def source_of(sender: Sender) -> str:
    """What the log says of who brought an event: one of the contract's three kinds."""
    match sender.role:
        case "attendee" | "organizer" | "connector":
            return f"{sender.role}:{sender.id}"
        case "operator":
            return "connector:operator"
        case "verifier" | "owner":
            return f"connector:{sender.id}"
