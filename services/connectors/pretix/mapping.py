"""Maps pretix's rows to what a connector brings; pure.

Why: only what says that a ticket is cancelled removes it. An order that is pending, or missing in an answer, changes
nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress

import msgspec

from schemas.times import millis
from services.connectors.port import ScansNow, ScanUndone, TicketCancelled, TicketScanned, TicketValid
from services.connectors.pretix.config import CheckinList, PretixConfig
from services.connectors.pretix.payloads import Checkin, Hook, Hooked, Order, Position
from services.directory.port import Scan

_ENDED = frozenset({"c", "e"})
_ANNULLED = "annulled"
_ORDER_ACTIONS = "pretix.event.order."
_decode = msgspec.json.Decoder(Checkin).decode
IsAdmitted = Callable[[int], bool]  # whether a product lets a person in


def hooked(config: PretixConfig, hook: Hook) -> Hooked | None:
    """What a webhook points at; None where that is nothing of this event."""
    if (hook.organizer, hook.event) != (config.organizer, config.event):
        return None
    if hook.action.startswith(_ORDER_ACTIONS) and hook.code:
        return Hooked("order", code=hook.code)
    if hook.orderposition_id and hook.checkin_list:
        match hook.action:
            case "pretix.event.checkin":
                return Hooked("checkin", hook.orderposition_id, hook.checkin_list)
            case "pretix.event.checkin.reverted":
                return Hooked("reverted", hook.orderposition_id, hook.checkin_list)
    return None


def tickets_in(order: Order, is_admitted: IsAdmitted) -> Iterator[TicketValid | TicketCancelled]:
    """The tickets of an order that let a person in, without add-ons."""
    is_valid = order.status == "p" or (order.status == "n" and order.valid_if_pending)
    for position in order.positions:
        if position.addon_to is not None or not is_admitted(position.item):
            continue
        if position.canceled or order.status in _ENDED:
            yield TicketCancelled(str(position.id))
        elif is_valid:
            email = position.attendee_email or order.email or ""
            yield TicketValid(str(position.id), position.attendee_name or "", email)


def scans_in(position: Position, config: PretixConfig, since: int) -> Iterator[TicketScanned]:
    """The scans of a ticket at the chosen lists since a time in ms, oldest first. Unreadable ones are left out: the
    list of all scans has them too, and reports them."""
    found: list[Scan] = []
    for raw in position.checkins:
        with suppress(msgspec.MsgspecError, ValueError):
            scan = scan_of(_decode(raw), config)
            found += [] if scan is None else [scan]
    for scan in sorted(found, key=lambda scan: scan.at):
        if scan.at >= since:
            yield TicketScanned(str(position.id), scan)


def scans_now(position: Position, config: PretixConfig, list_id: int) -> ScansNow:
    """All scans of a ticket at one list. MsgspecError, ValueError: one of them is unreadable, so nobody can say which
    others were undone."""
    rows = [row for row in map(_decode, position.checkins) if row.list == list_id]
    found = [scan for row in rows if (scan := scan_of(row, config)) is not None]
    return ScansNow(str(position.id), str(list_id), tuple(found))


def scanned(checkin: Checkin, config: PretixConfig) -> TicketScanned | ScanUndone | None:
    """What a row of the list of all scans says; None where it is a scan that failed, or at another list.

    ValueError: a time cannot be read."""
    millis(checkin.created or checkin.datetime)  # the cursor moves by it
    if checkin.position is None:
        return None
    if not checkin.successful:
        is_undone = checkin.error_reason == _ANNULLED
        return ScanUndone(str(checkin.position), str(checkin.id)) if is_undone else None
    scan = scan_of(checkin, config)
    return None if scan is None else TicketScanned(str(checkin.position), scan)


def scan_of(checkin: Checkin, config: PretixConfig) -> Scan | None:
    """The scan; None at a list that was not chosen. It cannot have happened after the server got it."""
    chosen = list_of(config, checkin.list)
    if chosen is None:
        return None
    at = millis(checkin.datetime)
    if checkin.created is not None:
        at = min(at, millis(checkin.created))
    place = config.gates.get(str(checkin.gate), chosen.place)
    return Scan(
        id=str(checkin.id),
        at=at,
        is_entry=checkin.type == "entry",
        place=place,
        group=str(checkin.list),
        leaves="place" if chosen.leaves == "place" and place is not None else "conference",
    )


def list_of(config: PretixConfig, list_id: int) -> CheckinList | None:
    """The settings of a chosen list."""
    return next((each for each in config.lists if each.list == list_id), None)
