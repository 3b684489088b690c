"""The permission table: for each role and event type a rule.

Invariants: every combination has a rule; a role that an event's spec does not name may not send it. ``Rule`` explains
the rules, and each event type's file says why a role may send it.
"""

from typing import get_args

from schemas.events import KINDS, Event, Role, Rule

ROLES: tuple[Role, ...] = get_args(Role)

TABLE: dict[tuple[Role, type[Event]], Rule] = {
    (role, kind): kind.spec.senders.get(role, Rule.NEVER) for kind in KINDS for role in ROLES
}
