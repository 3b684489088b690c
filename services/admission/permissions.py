"""Who may send what: one table of roles and event types, each cell a rule.

Invariants: the table has no hole; a role that an event's spec does not name may not send it. Rules are explained
beside ``Rule``, and why a role may send a type in the type's file.
"""

from typing import get_args

from schemas.events import KINDS, Event, Role, Rule

ROLES: tuple[Role, ...] = get_args(Role)

TABLE: dict[tuple[Role, type[Event]], Rule] = {
    (role, kind): kind.spec.senders.get(role, Rule.NEVER) for kind in KINDS for role in ROLES
}
