"""Takes in what a connector brings: tickets become registrations, scans check-ins, posts evidence, and what is
unreadable dead letters.

Responsibility: the order of these steps, and the tickets to store with the connector's checkpoint.
Invariants:
- Nobody is registered with a consent; matching starts only after the person's own tap.
- A person who was removed by their own wish is in no log again before they confirm it, whatever the shop says.
- A ticket that was passed on brings nothing of its earlier holder to the new one.
- The shop has no rights over people whom it did not bring, nor over those who have signed in or hold accounts: it
  neither corrects nor removes them. In doubt a ticket was passed on, and its earlier holder stays as they are.
Why: the same items again give the same events with the same ids, so a crash anywhere before the checkpoint is stored
costs a repetition and nothing else.
"""

import asyncio
from base64 import b64encode
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec
from msgspec import Struct

from schemas.codec import Reject
from schemas.events import CheckinArrived, CheckinLeft
from schemas.times import format_time
from services.connectors.activity_intake import ActivityIntake
from services.connectors.holder_names import is_same_name
from services.connectors.intake_ports import Attendees, FoundHolder, KnownPerson, Log, Origin
from services.connectors.port import (
    Activity,
    Item,
    ScansNow,
    ScanUndone,
    TicketCancelled,
    TicketItem,
    TicketScanned,
    TicketValid,
    Unreadable,
)
from services.connectors.scan_changes import Change, apply_item, earlier_scans
from services.directory.person_fields import email_form, name_form
from services.directory.port import Connectors, Ticket

QUOTED_BYTES = 24 * 1024  # of an unreadable payload; in base64 it still fits a dead letter
_COUNTED = 10_000  # remembered scans that checked nobody in
_AT_ONCE = 500  # events
_Scanned = TicketScanned | ScanUndone | ScansNow


class Intake(Struct, frozen=True):
    """What was taken in. ``tickets``: to store with the checkpoint. ``counts`` by kind. ``event_at``: the newest event.
    ``refusal``: why the last refused ticket was."""

    tickets: tuple[Ticket, ...]
    counts: Mapping[str, int]
    event_at: int | None
    refusal: str = ""


SaveTickets = Callable[[Sequence[Ticket]], Awaitable[None]]


@dataclass(slots=True)
class _Work:
    """A batch in progress. ``changed``: names of tickets to store."""

    origin: Origin
    now: int
    save: SaveTickets
    tickets: dict[str, Ticket]
    changed: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    event_at: int | None = None
    refusal: str = ""

    def store(self, ticket: Ticket) -> None:
        self.tickets[ticket.ticket] = ticket
        self.changed.add(ticket.ticket)

    def drop(self, ticket: str) -> None:
        self.tickets.pop(ticket, None)
        self.changed.discard(ticket)


class ConnectorIntake:
    """Used on the event loop; one call at a time for each connector (the caller's duty)."""

    def __init__(self, store: Connectors, attendees: Attendees, log: Log) -> None:
        self._store, self._attendees, self._log = store, attendees, log
        self._activity = ActivityIntake(log)
        self._counted: set[bytes] = set()

    async def take(self, origin: Origin, items: Sequence[Item], cursor: str, now: int, save: SaveTickets) -> Intake:
        """Takes in a batch. ``cursor``: the one that it was read from, for dead letters. ``save``: stores tickets
        before people are registered. IntakeBusyError: send it again."""
        names = {item.ticket for item in items if isinstance(item, TicketItem)}
        tickets = await self._tickets(origin, names) if names else {}
        work = _Work(origin, now, save, dict(tickets))
        latest = {item.ticket: item for item in items if isinstance(item, TicketValid | TicketCancelled)}
        await self._take_holders(work, [item for item in latest.values() if isinstance(item, TicketValid)])
        await self._take_cancelled(work, [item.ticket for item in latest.values() if isinstance(item, TicketCancelled)])
        await self._take_scans(work, [item for item in items if isinstance(item, _Scanned)])
        activity = await self._activity.take(origin, [item for item in items if isinstance(item, Activity)])
        work.counts.update(activity.counts)
        work.event_at = max(filter(None, (work.event_at, activity.event_at)), default=None)
        await self._take_unreadable(work, [item for item in items if isinstance(item, Unreadable)], cursor)
        changed = tuple(work.tickets[name] for name in sorted(work.changed))
        return Intake(changed, work.counts, work.event_at, work.refusal)

    async def _tickets(self, origin: Origin, names: Collection[str]) -> Mapping[str, Ticket]:
        return await asyncio.to_thread(self._store.tickets, origin.conference, origin.connector, names)

    # -- tickets -------------------------------------------------------------------------------------------------

    async def _take_holders(self, work: _Work, holders: Sequence[TicketValid]) -> None:
        known = {ticket.attendee for holder in holders if (ticket := work.tickets.get(holder.ticket)) is not None}
        people = await self._attendees.find(work.origin.conference, known) if known else {}
        fresh: list[TicketValid] = []
        for holder in holders:
            ticket = work.tickets.get(holder.ticket)
            person = None if ticket is None else people.get(ticket.attendee)
            if ticket is None or person is None or not await self._stays(work, ticket, person, holder):
                fresh.append(holder)
        if fresh:
            await self._register(work, fresh)

    async def _stays(self, work: _Work, ticket: Ticket, person: KnownPerson, holder: TicketValid) -> bool:
        """Whether a ticket still is this person's, who is corrected where the shop may do that.

        It is compared with the holder whose it became, so that several small changes add up. With another name it was
        passed on; with another address too, unless that corrects somebody whom this ticket alone brought."""
        name, email = name_form(holder.name), email_form(holder.email)
        is_untouched = (name, email) == (ticket.name, ticket.email)
        if not (is_untouched or is_same_name(ticket.name, name)):
            return False
        is_other = (name, email) != (person.name, person.email)
        if is_other and ticket.has_brought and await self._attendees.correct(work.origin, ticket, holder):
            work.counts["changed"] += 1
            return True
        return email in (ticket.email, person.email)

    async def _register(self, work: _Work, holders: Sequence[TicketValid]) -> None:
        origin = work.origin
        at = await self._attendees.at_addresses(origin.conference, {holder.email for holder in holders})
        others = await asyncio.to_thread(self._store.tickets_of, origin.conference, at)
        await self._announce(work, holders)
        found = await self._attendees.register(origin, holders, others)
        work.counts["registered"] += len({each.attendee for each in found if each.is_new})
        brought = await self._brought(origin, found)
        leaving: list[Ticket] = []
        lost: list[Ticket] = []
        for holder, each in zip(holders, found, strict=True):
            before = work.tickets.get(holder.ticket)
            if each.attendee is None:
                work.counts["refused"] += 1
                work.refusal = each.text
                lost += [before] if before is not None and _is_passed_on(before, holder) else []
                continue
            self._hand_over(work, holder, each, before, brought)
            if before is not None and before.attendee != each.attendee:
                leaving.append(before)
        await self._end(work, leaving)
        await self._drop(work, lost)

    async def _brought(self, origin: Origin, found: Sequence[FoundHolder]) -> Collection[str]:
        """Whom tickets alone brought, so far or now."""
        people = {each.attendee for each in found if each.attendee is not None}
        tickets = await asyncio.to_thread(self._store.tickets_of, origin.conference, people)
        brought = {each.attendee for each in tickets if each.has_brought}
        brought |= {each.attendee for each in found if each.attendee is not None and each.is_own}
        return brought - {each.attendee for each in tickets if not each.has_brought}

    async def _announce(self, work: _Work, holders: Sequence[TicketValid]) -> None:
        """Stores whom new tickets may bring. After a crash in the middle, a ticket that was cancelled meanwhile would
        lead to nobody, and its person would stay for ever."""
        new = [holder for holder in holders if holder.ticket not in work.tickets]
        ids = await self._attendees.ids_for(work.origin, new)
        connector = work.origin.connector
        announced = [
            Ticket(
                connector=connector,
                ticket=holder.ticket,
                attendee=attendee,
                has_brought=True,
                name=name_form(holder.name),
                email=email_form(holder.email),
            )
            for holder, attendee in zip(new, ids, strict=True)
        ]
        if announced:
            await work.save(announced)

    @staticmethod
    def _hand_over(
        work: _Work, holder: TicketValid, found: FoundHolder, before: Ticket | None, brought: Collection[str]
    ) -> None:
        assert found.attendee is not None
        is_same = before is not None and before.attendee == found.attendee
        scans = () if before is None else before.scans if is_same else earlier_scans(before)
        work.store(
            Ticket(
                connector=work.origin.connector,
                ticket=holder.ticket,
                attendee=found.attendee,
                has_brought=found.attendee in brought,
                name=name_form(holder.name),
                email=email_form(holder.email),
                scans=scans,
            )
        )

    async def _take_cancelled(self, work: _Work, names: Sequence[str]) -> None:
        await self._drop(work, [work.tickets[name] for name in names if name in work.tickets])

    async def _drop(self, work: _Work, gone: Sequence[Ticket]) -> None:
        """Ends tickets that lead to nobody any more."""
        for ticket in gone:
            work.drop(ticket.ticket)
        await self._end(work, gone)
        await asyncio.to_thread(
            self._store.delete_tickets,
            work.origin.conference,
            work.origin.connector,
            [ticket.ticket for ticket in gone],
        )

    async def _end(self, work: _Work, gone: Sequence[Ticket]) -> None:
        """Removes the people of these tickets whom tickets alone brought and who have no other ticket."""
        if not gone:
            return
        origin = work.origin
        people = {ticket.attendee for ticket in gone if ticket.has_brought}
        ended = {ticket.ticket for ticket in gone}
        stored = await asyncio.to_thread(self._store.tickets_of, origin.conference, people)
        left = {each.attendee for each in stored if each.connector != origin.connector or each.ticket not in ended}
        left |= {each.attendee for each in stored if not each.has_brought}  # the organizer registered them meanwhile
        left |= {each.attendee for each in work.tickets.values()}
        if people - left:
            work.counts["removed"] += len(await self._attendees.remove(origin, sorted(people - left)))

    # -- scans ---------------------------------------------------------------------------------------------------

    async def _take_scans(self, work: _Work, items: Sequence[_Scanned]) -> None:
        scanned = {ticket.attendee for item in items if (ticket := work.tickets.get(item.ticket)) is not None}
        people = await self._attendees.find(work.origin.conference, scanned) if scanned else {}
        changes: list[tuple[str, Change]] = []
        for item in items:
            ticket = work.tickets.get(item.ticket)
            person = None if ticket is None else people.get(ticket.attendee)
            if ticket is None or person is None:
                self._count_once(work, "unknown_tickets", item)
            elif person.waits:
                self._count_once(work, "waiting", item)
            else:
                after, some = apply_item(ticket, item, work.now)
                changes += [(ticket.attendee, change) for change in some]
                if after != ticket:
                    work.store(after)
        await self._admit(work, changes)

    def _count_once(self, work: _Work, what: str, item: _Scanned) -> None:
        """Counts a scan that checks nobody in; polling finds the same again."""
        named = (work.origin.conference, work.origin.connector, type(item).__name__, item)
        key = blake2b(msgspec.json.encode(named), digest_size=16).digest()  # an item may be large
        if key not in self._counted:
            work.counts[what] += 1
            if len(self._counted) >= _COUNTED:
                self._counted.clear()
            self._counted.add(key)

    async def _admit(self, work: _Work, changes: Sequence[tuple[str, Change]]) -> None:
        for start in range(0, len(changes), _AT_ONCE):
            part = changes[start : start + _AT_ONCE]
            results = await self._log.admit(work.origin, [_event(work.origin, *each) for each in part])
            for (_, change), result in zip(part, results, strict=True):
                work.counts[{"accepted": change.what, "duplicate": "duplicates"}.get(result, "rejected")] += 1
                if result == "accepted":
                    work.event_at = max(work.event_at or 0, change.at)

    # -- what cannot be read -------------------------------------------------------------------------------------

    async def _take_unreadable(self, work: _Work, items: Sequence[Unreadable], cursor: str) -> None:
        if items:
            await self._log.reject(work.origin, [_reject(work.origin, item, cursor) for item in items])
            work.counts["unreadable"] += len(items)


def _is_passed_on(before: Ticket, holder: TicketValid) -> bool:
    """Whether a holder who could not be registered is another one than before, not only given another address."""
    is_untouched = (before.name, before.email) == (name_form(holder.name), email_form(holder.email))
    return not (is_untouched or is_same_name(before.name, holder.name))


def _event(origin: Origin, attendee: str, change: Change) -> CheckinArrived | CheckinLeft:
    kind = CheckinArrived if change.is_arrival else CheckinLeft
    return kind(
        id=f"{origin.source} {change.id}",
        at=format_time(change.at),
        conference=origin.conference,
        attendee=attendee,
        place=change.place,
    )


def _reject(origin: Origin, item: Unreadable, cursor: str) -> Reject:
    """As a line that says which connector read it, and from where. ``conference`` makes it the organizer's letter."""
    line = {
        "conference": origin.conference,
        "connector": origin.connector,
        "cursor": cursor,
        "what": item.what,
        "payload": b64encode(item.data[:QUOTED_BYTES]).decode(),
    }
    return Reject(f"{item.what}: {item.reason}", None, msgspec.json.encode(line), origin.conference)
