"""What scans of a ticket change: pure functions from what the log has to what it still has to get.

Why: the contract has no event that undoes a check-in. A check-in that was undone becomes a check-out with the time of
that check-in, so that later ones stay valid; one that leaves the person at another place ends that place alone.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from services.connectors.port import ScansNow, ScanUndone, TicketScanned
from services.directory.port import Scan, Ticket

MOST_SCANS = 40  # stored of a ticket: days of going in and out
_EARLIER = "earlier holder"  # the group of scans from before a ticket was passed on
_What = Literal["check_ins", "check_outs", "undone"]


class Change(Struct, frozen=True):
    """An event for the log. ``id``: without the connector's name. ``what``: under which it is counted."""

    id: str
    what: _What
    is_arrival: bool
    at: int
    place: str | None


def apply_item(ticket: Ticket, item: TicketScanned | ScanUndone | ScansNow, now: int) -> tuple[Ticket, list[Change]]:
    """The ticket with the item's scans, and the events for them. ``now``: ms since 1970.

    A scan that reached us has happened: a clock that is ahead counts as now.
    """
    match item:
        case TicketScanned():
            return _add(ticket, [item.scan], now)
        case ScanUndone():
            return _undo(ticket, [scan for scan in ticket.scans if scan.id == item.scan])
        case ScansNow():
            left = {scan.id for scan in item.scans}
            gone = [scan for scan in ticket.scans if scan.group == item.group and scan.id not in left]
            ticket, undone = _undo(ticket, gone)
            ticket, added = _add(ticket, sorted(item.scans, key=lambda scan: (scan.at, scan.id)), now)
            return ticket, undone + added


def earlier_scans(ticket: Ticket) -> tuple[Scan, ...]:
    """The scans of a ticket that is passed on now: they stay known, so that none becomes the new holder's."""
    return tuple(replace(scan, group=_EARLIER) for scan in ticket.scans)


def _add(ticket: Ticket, scans: list[Scan], now: int) -> tuple[Ticket, list[Change]]:
    known = {scan.id for scan in ticket.scans}
    oldest = ticket.scans[0].at if len(ticket.scans) >= MOST_SCANS else None
    new = [replace(scan, at=min(scan.at, now)) for scan in scans if scan.id not in known]
    new = [scan for scan in new if oldest is None or scan.at >= oldest]  # older ones were forgotten, and are in the log
    kept = sorted((*ticket.scans, *new), key=lambda scan: (scan.at, scan.id))[-MOST_SCANS:]
    return replace(ticket, scans=tuple(kept)), [_change_of(scan) for scan in new]


def _change_of(scan: Scan) -> Change:
    if scan.is_entry:
        return Change(f"scan:{scan.id}", "check_ins", True, scan.at, scan.place)
    return Change(f"scan:{scan.id}", "check_outs", False, scan.at, scan.place if scan.leaves == "place" else None)


def _undo(ticket: Ticket, gone: list[Scan]) -> tuple[Ticket, list[Change]]:
    taken = {scan.id for scan in gone}
    kept = tuple(scan for scan in ticket.scans if scan.id not in taken)
    last = next((scan for scan in reversed(kept) if scan.group != _EARLIER), None)
    changes = [change for scan in gone if (change := _undone(scan, last)) is not None]
    return replace(ticket, scans=kept), changes


def _undone(scan: Scan, last: Scan | None) -> Change | None:
    """The event that makes a scan as if it had not been. ``last``: the newest one that is left."""
    was_here = last is not None and last.is_entry
    if scan.is_entry:
        if not was_here:
            return Change(f"undo:{scan.id}", "undone", False, scan.at, None)
        if scan.place is not None and last is not None and last.place != scan.place:
            return Change(f"undo:{scan.id}", "undone", False, scan.at, scan.place)
        return None
    if was_here and last is not None:
        return Change(f"undo:{scan.id}", "undone", True, scan.at, last.place)
    return None
