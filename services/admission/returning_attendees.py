"""Somebody who was erased comes back, or is registered once more and proves the same account: what others decided about
them holds on, and after an erasure nothing begins without their tap.

Responsibility: who barred an attendee, asked before the log has their erasure; and what is said in the log before they
are in it again. Invariants: nobody sees a bar, neither who is barred nor who barred, nor that there is one; all bars
are in the log before the registration or the proof that they are for. A decline is remembered as a block: the one who
said no to the person is not asked again.
Failure modes: killed in between, the same is said again with the same ids, or the same effect.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from schemas.events import AttendeeErased, Input
from services.admission.conferences import Conferences
from services.admission.intake import Intake
from services.admission.registration import barred, came_back
from services.admission.sender import OWNER
from services.directory.port import Directory
from services.runtime.ports import Runner
from streams.matching import Matcher, cards
from streams.matching.ids import trace
from streams.matching.state import Attendee

_AT_ONCE = 500  # events in one submission


@dataclass(slots=True)
class Leaving:
    """Called before the log has erasures, while nothing else can enter it."""

    directory: Directory
    runner: Runner
    conferences: Conferences

    async def __call__(self, events: Sequence[AttendeeErased]) -> None:
        """Notes who barred these. BusyError, StoppedError, TimeoutError, DirectoryError: nothing may be erased now."""
        by: dict[str, list[str]] = {}
        for event in events:
            by.setdefault(event.conference, []).append(event.attendee)
        for conference, attendees in by.items():
            found = await self.runner.ask(conference, lambda matcher, some=attendees: barring(matcher, some))  # type: ignore[misc]  # one at a time
            await asyncio.to_thread(self._prepare, conference, found)

    def _prepare(self, conference: str, found: dict[str, list[str]]) -> None:
        known = self.conferences.get(conference)
        claims = known is not None and known.opened is not None and known.opened.matching.accounts == "claimed"
        self.directory.tombstones.prepare_all(conference, found, claims)


def barring(matcher: Matcher | None, attendees: Collection[str]) -> dict[str, list[str]]:
    """For each attendee who blocked them or declined them for good."""
    people = matcher.state.attendees if matcher is not None else {}
    found: dict[str, list[str]] = {}
    for attendee in attendees:
        person = people.get(attendee)
        assert matcher is not None or person is None
        found[attendee] = [] if matcher is None or person is None else _barring(matcher, person)
    return found


def _barring(matcher: Matcher, person: Attendee) -> list[str]:
    state = matcher.state
    texts = (person.id, *person.claims, *(state.accounts[number].text for number in person.accounts))
    names = {trace(state.conference, text) for text in texts}
    blocked = {o.id for o in state.attendees.values() if any(name in o.blocks and o.blocks[name].on for name in names)}
    mine = state.cards_of.get(person.id, {}).values()
    declined = {o for card in mine if cards.current_answer(card, o := card.other(person.id)) == "declined"}
    return sorted(blocked | declined)


def _barred_by(matcher: Matcher, person: Attendee) -> list[str]:
    """The other way round: whom somebody blocked, by whatever text, or declined."""
    state = matcher.state
    mine = state.cards_of.get(person.id, {}).values()
    declined = {card.other(person.id) for card in mine if cards.current_answer(card, person.id) == "declined"}
    names = {o.id: (o.id, *o.claims, *(state.accounts[n].text for n in o.accounts)) for o in state.attendees.values()}
    on = {name for name, block in person.blocks.items() if block.on}
    blocked = {other for other, texts in names.items() if any(trace(state.conference, text) in on for text in texts)}
    return sorted(blocked | declined)


def taken_over(matcher: Matcher | None, formers: Collection[str]) -> tuple[set[str], set[str]]:
    """Who barred any of these, and whom any of these barred."""
    people = [] if matcher is None else [matcher.state.attendees.get(former) for former in formers]
    by: set[str] = set()
    of: set[str] = set()
    for person in people:
        if matcher is not None and person is not None:
            by.update(_barring(matcher, person))
            of.update(_barred_by(matcher, person))
    return by, of


@dataclass(slots=True)
class Returning:
    """``intake`` takes what is said in the log."""

    intake: Intake

    async def confirmed(self, conference: str, attendee: str) -> None:
        """Somebody who waited says that they take part: the log gets to know them. Their consent is said after it."""
        tombstones, now = self.intake.directory.tombstones, self.intake.clock()
        accounts = await asyncio.to_thread(tombstones.waiting, conference, attendee)
        if accounts is None:
            return
        person = await asyncio.to_thread(self.intake.directory.people.get, conference, attendee)
        await self.barred(conference, attendee, [person.email if person else "", *accounts])
        await self._say([came_back(conference, attendee, accounts, now)])
        await asyncio.to_thread(tombstones.no_more_waiting, conference, [attendee])

    async def barred(self, conference: str, attendee: str, texts: Collection[str]) -> None:
        """Bars of whoever was erased and had one of these addresses and accounts hold for this attendee from now on."""
        now = self.intake.clock()
        others = await asyncio.to_thread(self._others, conference, attendee, texts)
        events = [barred(conference, other, attendee, now) for other in others]
        for start in range(0, len(events), _AT_ONCE):
            await self._say(events[start : start + _AT_ONCE])

    async def took_over(self, conference: str, attendee: str, accounts: Collection[str]) -> None:
        """Somebody proves what another registration proved before: most likely they are that person, so both ways bars
        of that one hold for them too."""
        formers = await asyncio.to_thread(
            self.intake.directory.accounts.proved_before, conference, attendee, list(accounts)
        )
        if not formers:
            return
        by, of = await self.intake.runner.ask(conference, lambda matcher: taken_over(matcher, formers))
        now = self.intake.clock()
        events = [barred(conference, other, attendee, now) for other in sorted(by - {attendee})]
        events += [barred(conference, attendee, other, now) for other in sorted(of - {attendee})]
        for start in range(0, len(events), _AT_ONCE):
            await self._say(events[start : start + _AT_ONCE])

    def _others(self, conference: str, attendee: str, texts: Collection[str]) -> list[str]:
        directory = self.intake.directory
        if not directory.tombstones.buried(conference, texts):
            return []  # nearly everybody: no need to look at all people
        others = [other for other in directory.attendees(conference) if other != attendee]
        return directory.tombstones.bars(conference, texts, others)

    async def _say(self, events: Sequence[Input]) -> None:
        results = await self.intake.say(events, OWNER)
        assert all(result.status != "rejected" for result in results), "the log's owner says only what may be said"
