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
    """Who sends events. An attendee belongs to one conference.

    ``checkins``: a connector may send check-ins; ``only_checkins``: and nothing else. ``is_of_conference``: a connector
    of an organizer's, whose id is unique only within its conference.
    """

    role: Role
    id: str
    conferences: frozenset[str] = frozenset()
    checkins: bool = False
    only_checkins: bool = False
    is_of_conference: bool = False

    @property
    def budget(self) -> str:
        """The name of the rate limit: the role, or ``scanner``."""
        return "scanner" if self.only_checkins else self.role

    @property
    def key(self) -> str:
        """The key of rate limits, the same for all keys and sessions of a sender.

        An attendee's id is unique only within a conference; the scanners of a conference share one key."""
        is_within = self.role == "attendee" or self.only_checkins or self.is_of_conference
        named = " ".join(sorted(self.conferences)) if is_within else ""
        return f"{self.budget} {named} {'' if self.only_checkins else self.id}"


class Authorized(Struct, frozen=True):
    """An event that its sender may send, with the fields that the server sets."""

    event: Input


class Refused(Struct, frozen=True):
    """Why an event is refused, in a sentence for a person that reveals nothing about anybody else."""

    reason: str
    kind: Kind
    field: str | None = None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS[self.kind]


# Senders inside the server: the one that checks one-time codes, and the owner of the log.
VERIFIER = Sender(role="verifier", id="verifier")
OWNER = Sender(role="owner", id="clock")
assert {VERIFIER.id, OWNER.id, "operator"} == RESERVED_CONNECTORS


def sender_of(grant: Grant) -> Sender:
    """The sender behind a valid key or session."""
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
    """The event's ``source`` in the log: one of the contract's three kinds."""
    match sender.role:
        case "attendee" | "organizer" | "connector":
            return f"{sender.role}:{sender.id}"
        case "operator":
            return "connector:operator"
        case "verifier" | "owner":
            return f"connector:{sender.id}"
