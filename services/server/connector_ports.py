"""The ports of the connectors' intake on admission, the attendee import and the directory.

Invariants: attendees are registered by the same code as those of a file. A connector's check-ins have the rights of a
scanner's key of that one conference; registrations and removals those of its organizer. A connector's posts reach that
conference's log only, so nobody's connector can bring evidence into somebody else's. What a conference's connectors
bring costs what it would cost by HTTP, from budgets of their own, so that they never hold up the scanners at the doors;
where one is used up, they wait.
"""

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace
from redis.backoff import ExponentialWithJitterBackoff

from schemas.codec import Reject, encode
from schemas.events import AttendeeErased, Consent, Input
from schemas.times import format_time
from services.admission.conference_registry import ConferenceRegistry
from services.admission.event_admission import EventAdmission
from services.admission.registration.attendee_csv import AttendeeRow
from services.admission.registration.import_plan import MOST_OF_ONE_ADDRESS
from services.admission.sender import Sender
from services.api.organizer.attendee_import import AttendeeImport
from services.api.shared.problems import ProblemError
from services.connectors.holder_names import is_part_of_name, is_same_name
from services.connectors.intake import ConnectorIntake
from services.connectors.intake_ports import FoundHolder, IntakeBusyError, KnownPerson, Origin
from services.connectors.port import TicketValid
from services.connectors.registry import open_connector
from services.connectors.run import FIRST_PAUSE_S, LONGEST_PAUSE_S, Surroundings
from services.connectors.source_client import SourceClient
from services.connectors.supervisor import Supervisor
from services.directory.person_fields import email_form, fault_in, name_form
from services.directory.port import ConnectorRow, Directory, Person, PostRef, Ticket
from services.journal import JournalError
from services.runtime import BusyError, LogUnavailableError, StoppedError
from services.server.connector_audience import Audiences

_KIB = 1_024
_AWAY = (BusyError, StoppedError, LogUnavailableError, JournalError, TimeoutError)
BACKOFF = ExponentialWithJitterBackoff(base=FIRST_PAUSE_S, cap=LONGEST_PAUSE_S)
_NO_CONSENT = Consent(matching=False, chats=False, share_place=False)


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Every refusal for the moment becomes the port's error."""
    try:
        yield
    except ProblemError as error:
        if error.problem.status != 429:
            raise
        raise IntakeBusyError(float(error.headers.get("retry-after", "0"))) from None
    except _AWAY:
        raise IntakeBusyError from None


def _charge(admission: EventAdmission, rate: str, origin: Origin, count: int, size: int = 0) -> None:
    """Charges the connectors of a conference together. ProblemError 429. ``size``: in bytes."""
    payer = f"connectors of {origin.conference}"
    if count:
        admission.charge(rate, payer, count)
    if size:
        admission.charge(f"{rate}_kib", payer, math.ceil(size / _KIB))


@dataclass(frozen=True, slots=True)
class ConnectorLog:
    """The log, as a scanner of the conference sees it, and for posts as a connector of that conference alone."""

    admission: EventAdmission
    directory: Directory

    async def admit(self, origin: Origin, events: Sequence[Input]) -> Sequence[str]:
        """The result of each event."""
        async with _translated():
            _charge(self.admission, "scanner", origin, len(events), _size(events))
            return [result.status for result in await self.admission.admit_events(events, _scanner(origin))]

    async def admit_posts(self, origin: Origin, events: Sequence[Input]) -> Sequence[str]:
        """The same for posts."""
        async with _translated():
            _charge(self.admission, "organizer", origin, len(events), _size(events))
            return [result.status for result in await self.admission.admit_events(events, _reader(origin))]

    async def known_posts(self, posts: Sequence[PostRef]) -> Collection[str]:
        """The ids of those that a log may have: the index of posts has them."""
        return await asyncio.to_thread(self._known_posts, posts)

    def _known_posts(self, posts: Sequence[PostRef]) -> set[str]:
        accounts, actors = self.directory.accounts, {post.actor for post in posts}
        if accounts.count_unknown(actors) == len(actors):
            return set()  # nearly always: most of a network is nobody's here
        known = {actor for actor in actors if not accounts.count_unknown({actor})}
        named = self.directory.tokenize_posts(
            [post for post in posts if post.actor in known], self.directory.rows_for(known)
        )
        found = self.directory.originals([post.token for post in named])
        return {post.id for post in named if post.token in found}

    async def reject(self, origin: Origin, unreadable: Sequence[Reject]) -> None:
        """Stores dead letters."""
        async with _translated():
            _charge(self.admission, "scanner", origin, len(unreadable), sum(len(each.line) for each in unreadable))
            await self.admission.admit_lines(unreadable, _scanner(origin))


def _size(events: Sequence[Input]) -> int:
    return sum(len(encode(event)) for event in events)


@dataclass(frozen=True, slots=True)
class ConnectorAttendees:
    """The attendees, by the way that attendee files take."""

    admission: EventAdmission
    attendee_import: AttendeeImport
    directory: Directory

    async def find(self, conference: str, attendees: Collection[str]) -> Mapping[str, KnownPerson]:
        """The known ones among these."""
        return await asyncio.to_thread(self._find, conference, attendees)

    def _find(self, conference: str, attendees: Collection[str]) -> dict[str, KnownPerson]:
        found = {}
        for attendee in attendees:
            person = self.directory.people.get(conference, attendee)
            if person is not None:
                waits = self.directory.is_waiting(conference, attendee)
                found[attendee] = KnownPerson(person.name, person.email, waits)
        return found

    async def at_addresses(self, conference: str, emails: Collection[str]) -> Collection[str]:
        """The ids of everybody with one of these addresses."""
        return await asyncio.to_thread(
            lambda: [person.attendee for email in emails for person in self._at(conference, email)]
        )

    def _at(self, conference: str, email: str) -> list[Person]:
        return self.directory.people.all_by_email(conference, email)

    async def register(
        self, origin: Origin, holders: Sequence[TicketValid], others: Sequence[Ticket]
    ) -> list[FoundHolder]:
        """The attendee of each holder, registered where they are new."""
        rows = await asyncio.to_thread(self._rows, origin, holders, others)
        by_line = {row.line: row for row in rows.own.values()}  # several names may be one person's
        async with _translated():
            _charge(self.admission, "organizer", origin, len(by_line))
            lines, mistakes = await self.attendee_import.run_some(
                _organizer(origin), origin.conference, list(by_line.values())
            )
        accepted = {line.line: line for line in lines}
        texts = {mistake.line: mistake.text for mistake in mistakes}
        found = []
        for holder in holders:
            row = rows.own.get(_key(holder))
            line = None if row is None else accepted.get(row.line)
            if line is None or line.attendee is None:
                text = rows.refused.get(holder.ticket) or (texts.get(row.line, "") if row is not None else "")
                found.append(FoundHolder(None, text=text))
            else:
                is_own = line.attendee == self._id_for(origin, holder)
                found.append(FoundHolder(line.attendee, line.what == "new", is_own))
        return found

    def _rows(self, origin: Origin, holders: Sequence[TicketValid], others: Sequence[Ticket]) -> "_Rows":
        """The holders as lines of a file; several tickets with one name and address are one person's. Who is known
        keeps their own name."""
        rows, conference = _Rows({}, {}), origin.conference
        by_person: dict[str, AttendeeRow] = {}
        new: Counter[str] = Counter()
        ticketed = {ticket.attendee for ticket in others}
        for holder in holders:
            attendee, email = self._id_for(origin, holder), email_form(holder.email)
            text = self._refusal(conference, holder, attendee)
            if text:
                rows.refused[holder.ticket] = text
                continue
            if _key(holder) in rows.own:
                continue
            at = self._at(conference, email)
            person = _same_person(holder, at, ticketed)
            if person is None and len(at) + new[email] >= MOST_OF_ONE_ADDRESS:
                rows.refused[holder.ticket] = f"{MOST_OF_ONE_ADDRESS} people have its address already."
                continue
            row = _row(len(rows.own) + 1, holder.name, holder.email, attendee)
            if person is None:
                new[email] += bool(email)
            else:
                row = _row(row.line, person.name, person.email, person.attendee)
                row = by_person.setdefault(person.attendee, row)
            rows.own[_key(holder)] = row
        return rows

    def _refusal(self, conference: str, holder: TicketValid, attendee: str) -> str:
        """Why a holder cannot be registered, in a sentence; "" where they can."""
        person = Person(conference=conference, attendee=attendee, name=holder.name, email=email_form(holder.email))
        fault = fault_in(person)
        if fault is not None:
            return f"Its {fault[0]} {fault[1]}."
        if person.email:
            return ""
        known = self.directory.people.get(conference, attendee)
        if known is not None and name_form(holder.name) != known.name and not is_same_name(holder.name, known.name):
            return "It needs an e-mail address, so that its new holder is not taken for the earlier one."
        if self.directory.is_erased(conference, attendee):
            return "It needs an e-mail address, so that its holder can confirm the registration."
        return ""

    async def ids_for(self, origin: Origin, holders: Sequence[TicketValid]) -> Sequence[str]:
        """The id that each holder gets."""
        return [self._id_for(origin, holder) for holder in holders]

    def _id_for(self, origin: Origin, holder: TicketValid) -> str:
        """The id of the person whom this ticket brings: unpredictable, and the same after a crash. Without an address
        it is one for the ticket, whatever the name, so that an erased holder is recognized."""
        email = email_form(holder.email)
        name = name_form(holder.name).casefold() if email else ""
        return f"a{self.directory.trace(f'ticket {origin.conference} {origin.source} {holder.ticket} {email} {name}')}"

    async def correct(self, origin: Origin, ticket: Ticket, holder: TicketValid) -> bool:
        """Corrects the name and e-mail address of a ticket's person; False where the shop may not."""
        async with self.admission.lock:  # no erasure and no registration runs meanwhile
            return await asyncio.to_thread(self._correct, origin, ticket, holder)

    def _correct(self, origin: Origin, ticket: Ticket, holder: TicketValid) -> bool:
        conference, directory = origin.conference, self.directory
        person = directory.people.get(conference, ticket.attendee)
        first = TicketValid(ticket.ticket, ticket.name, ticket.email)
        tickets = directory.connectors.tickets_of(conference, [ticket.attendee])
        is_its_own = self._id_for(origin, first) == ticket.attendee
        is_its_own &= [(each.connector, each.ticket) for each in tickets] == [(origin.connector, ticket.ticket)]
        if person is None or not (is_its_own and tickets[0].has_brought):
            return False
        new = replace(person, name=name_form(holder.name) or person.name, email=email_form(holder.email))
        if fault_in(new) is not None or self._belongs_to_self(conference, ticket.attendee):
            return False
        is_back = new.email != person.email and directory.has_tombstone(conference, [new.email])
        return not is_back and not directory.is_waiting(conference, ticket.attendee) and directory.people.change(new)

    def _belongs_to_self(self, conference: str, attendee: str) -> bool:
        """Whether only the person and the organizer decide about them: who consents has signed in."""
        directory = self.directory
        has_signed_in = bool(directory.sessions.sign_ins(conference, attendee))
        return has_signed_in or bool(directory.accounts.held_by(conference, attendee))

    async def remove(self, origin: Origin, attendees: Sequence[str]) -> Sequence[str]:
        """Erases these people, as the organizer would, without those who belong to themselves."""
        removed = await asyncio.to_thread(self._removable, origin.conference, attendees)
        at = format_time(self.admission.clock())
        events = [
            AttendeeErased(
                id=f"{origin.source} removed {attendee}", at=at, conference=origin.conference, attendee=attendee
            )
            for attendee in removed
        ]
        if events:
            async with _translated():
                await self.admission.admit_events(events, _organizer(origin))
        return removed

    def _removable(self, conference: str, attendees: Sequence[str]) -> list[str]:
        known = [each for each in attendees if self.directory.people.get(conference, each) is not None]
        return [each for each in known if not self._belongs_to_self(conference, each)]


class _Rows(NamedTuple):
    """Lines by address and name, and why holders are refused, by ticket."""

    own: dict[tuple[str, str], AttendeeRow]
    refused: dict[str, str]


def _key(holder: TicketValid) -> tuple[str, str]:
    """One person: an address and a name, or, without an address, a ticket."""
    email = email_form(holder.email)
    return (email, name_form(holder.name).casefold()) if email else ("", holder.ticket)


def _same_person(holder: TicketValid, at: Sequence[Person], ticketed: Collection[str]) -> Person | None:
    """Who of those at its address a holder is; None: somebody else. Part of a name is enough for one without a
    ticket, whom a file has in another form."""
    name = name_form(holder.name).casefold()
    same = [person for person in at if name_form(person.name).casefold() == name]
    same = same or [person for person in at if is_same_name(person.name, holder.name)]
    free = [person for person in at if person.attendee not in ticketed]
    same = same or [person for person in free if is_part_of_name(person.name, holder.name)]
    return same[0] if len(same) == 1 else None


def _row(line: int, name: str, email: str, attendee: str) -> AttendeeRow:
    return AttendeeRow(
        line=line, name=name, email=email, accounts=(), consent=_NO_CONSENT, show_name=False, attendee=attendee
    )


def _scanner(origin: Origin) -> Sender:
    return Sender(
        role="connector",
        id=origin.connector,
        conferences=frozenset({origin.conference}),
        checkins=True,
        only_checkins=True,
    )


def _reader(origin: Origin) -> Sender:
    return Sender(
        role="connector", id=origin.connector, conferences=frozenset({origin.conference}), is_of_conference=True
    )


def _organizer(origin: Origin) -> Sender:
    return Sender(role="organizer", id=origin.organizer, conferences=frozenset({origin.conference}))


def supervise_connectors(
    admission: EventAdmission,
    attendee_import: AttendeeImport,
    directory: Directory,
    conferences: ConferenceRegistry,
    client: SourceClient,
) -> Supervisor:
    """The supervisor of all connectors of this server; the caller runs it."""

    def organizer_of(row: ConnectorRow) -> str:
        entry = conferences.get(row.conference)
        if entry is None or entry.closed or row.conference in conferences.being_erased:
            return ""
        return entry.owner or row.organizer

    attendees = ConnectorAttendees(admission, attendee_import, directory)
    intake = ConnectorIntake(directory.connectors, attendees, ConnectorLog(admission, directory))
    around = Surroundings(
        store=directory.connectors,
        intake=intake,
        client=client,
        open=open_connector,
        clock=admission.clock,
        organizer_of=organizer_of,
        audience_of=Audiences(admission.runner, directory, conferences).read,
        pause_s=BACKOFF.compute,
    )
    return Supervisor(around)
