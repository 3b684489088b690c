"""Handles people who return after an erasure, or register twice and prove one account: others' blocks stay valid.

Responsibility: recording who had blocked an attendee before the log gets the erasure, and restoring those blocks in the
log before the attendee is in it again.
Invariants: nobody can see such a block: neither who is blocked, nor by whom, nor that there is one. All blocks are in
the log before the registration or proof that they are for. After an erasure nothing starts without the person's own
confirmation. A decline is remembered as a block: somebody who said no to the person is not asked again.
Failure modes: after a crash in between, the same events are sent again with the same ids or the same effect.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from schemas.events import AttendeeErased, Input
from services.admission.conference_registry import ConferenceRegistry
from services.admission.event_admission import EventAdmission
from services.admission.registration.enrolment import inherited_block, returning_registration
from services.admission.sender import OWNER
from services.directory.port import Directory
from services.runtime.ports import Runner
from streams.matching import Matcher, cards
from streams.matching.ids import trace
from streams.matching.state import Attendee

_BATCH_EVENTS = 500  # events in one submission


@dataclass(slots=True)
class ErasurePreparation:
    """Called before the log gets erasures, while nothing else can enter it."""

    directory: Directory
    runner: Runner
    conferences: ConferenceRegistry

    async def __call__(self, events: Sequence[AttendeeErased]) -> None:
        """Records who blocked these attendees. BusyError, StoppedError, TimeoutError, DirectoryError: the erasure must
        not go on."""
        by: dict[str, list[str]] = {}
        for event in events:
            by.setdefault(event.conference, []).append(event.attendee)
        for conference, attendees in by.items():
            found = await self.runner.ask(conference, lambda matcher, some=attendees: blockers(matcher, some))  # type: ignore[misc]  # one at a time
            await asyncio.to_thread(self._prepare, conference, found)

    def _prepare(self, conference: str, found: dict[str, list[str]]) -> None:
        known = self.conferences.get(conference)
        claims = known is not None and known.opened is not None and known.opened.matching.accounts == "claimed"
        self.directory.tombstones.prepare_all(conference, found, claims)


def blockers(matcher: Matcher | None, attendees: Collection[str]) -> dict[str, list[str]]:
    """For each attendee the sorted ids of those who blocked them or declined them for good."""
    people = matcher.state.attendees if matcher is not None else {}
    found: dict[str, list[str]] = {}
    for attendee in attendees:
        person = people.get(attendee)
        assert matcher is not None or person is None
        found[attendee] = [] if matcher is None or person is None else _blockers_of(matcher, person)
    return found


def _blockers_of(matcher: Matcher, person: Attendee) -> list[str]:
    state = matcher.state
    texts = (person.id, *person.claims, *(state.accounts[number].text for number in person.accounts))
    names = {trace(state.conference, text) for text in texts}
    blocked = {o.id for o in state.attendees.values() if any(name in o.blocks and o.blocks[name].on for name in names)}
    mine = state.cards_of.get(person.id, {}).values()
    declined = {o for card in mine if cards.current_answer(card, o := card.other(person.id)) == "declined"}
    return sorted(blocked | declined)


def _blocked_by(matcher: Matcher, person: Attendee) -> list[str]:
    """The other direction: whom somebody blocked, by id or account, or declined."""
    state = matcher.state
    mine = state.cards_of.get(person.id, {}).values()
    declined = {card.other(person.id) for card in mine if cards.current_answer(card, person.id) == "declined"}
    names = {o.id: (o.id, *o.claims, *(state.accounts[n].text for n in o.accounts)) for o in state.attendees.values()}
    on = {name for name, block in person.blocks.items() if block.on}
    blocked = {other for other, texts in names.items() if any(trace(state.conference, text) in on for text in texts)}
    return sorted(blocked | declined)


def blocks_of_former(matcher: Matcher | None, formers: Collection[str]) -> tuple[set[str], set[str]]:
    """Who blocked any of these, and whom any of these blocked."""
    people = [] if matcher is None else [matcher.state.attendees.get(former) for former in formers]
    by: set[str] = set()
    of: set[str] = set()
    for person in people:
        if matcher is not None and person is not None:
            by.update(_blockers_of(matcher, person))
            of.update(_blocked_by(matcher, person))
    return by, of


@dataclass(slots=True)
class ReturningAttendees:
    """``admission``: the way of the restored blocks and registrations into the log."""

    admission: EventAdmission

    async def confirm(self, conference: str, attendee: str) -> None:
        """Registers somebody in the log who was waiting and has confirmed. Their consent is sent after it."""
        tombstones, now = self.admission.directory.tombstones, self.admission.clock()
        accounts = await asyncio.to_thread(tombstones.waiting_accounts, conference, attendee)
        if accounts is None:
            return
        person = await asyncio.to_thread(self.admission.directory.people.get, conference, attendee)
        await self.restore_blocks(conference, attendee, [person.email if person else "", *accounts])
        await self._admit([returning_registration(conference, attendee, accounts, now)])
        await asyncio.to_thread(tombstones.end_waiting, conference, [attendee])

    async def restore_blocks(self, conference: str, attendee: str, texts: Collection[str]) -> None:
        """Restores the blocks of an erased person who had one of these addresses and accounts, for this attendee."""
        now = self.admission.clock()
        others = await asyncio.to_thread(self._former_blockers, conference, attendee, texts)
        events = [inherited_block(conference, other, attendee, now) for other in others]
        for start in range(0, len(events), _BATCH_EVENTS):
            await self._admit(events[start : start + _BATCH_EVENTS])

    async def inherit_blocks(self, conference: str, attendee: str, accounts: Collection[str]) -> None:
        """Carries over the blocks, in both directions, of another registration that proved one of these accounts
        before: most likely it is the same person."""
        formers = await asyncio.to_thread(
            self.admission.directory.accounts.proved_before, conference, attendee, list(accounts)
        )
        if not formers:
            return
        by, of = await self.admission.runner.ask(conference, lambda matcher: blocks_of_former(matcher, formers))
        now = self.admission.clock()
        events = [inherited_block(conference, other, attendee, now) for other in sorted(by - {attendee})]
        events += [inherited_block(conference, attendee, other, now) for other in sorted(of - {attendee})]
        for start in range(0, len(events), _BATCH_EVENTS):
            await self._admit(events[start : start + _BATCH_EVENTS])

    def _former_blockers(self, conference: str, attendee: str, texts: Collection[str]) -> list[str]:
        directory = self.admission.directory
        if not directory.tombstones.find(conference, texts):
            return []  # as for nearly everybody: no need to look at all people
        others = [other for other in directory.attendees(conference) if other != attendee]
        return directory.tombstones.find_blockers(conference, texts, others)

    async def _admit(self, events: Sequence[Input]) -> None:
        results = await self.admission.admit_events(events, OWNER)
        assert all(result.status != "rejected" for result in results), "events of the log's owner are always authorized"
