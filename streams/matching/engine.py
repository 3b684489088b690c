"""The matcher of one conference: a fold over its log, as a decider in three steps.

    observe(record)   takes a record into the state: evidence, presence, consent
    decide(now)       says which outputs are due
    settle(output)    remembers an output that was emitted

``apply`` folds a record: observe, decide, settle. ``recover`` observes a record and settles its recorded outputs, so
that what people were shown stays valid, also under another policy or a fixed engine.
Invariants: the engine never awaits, reads a clock, draws a random number or logs.
"""

from typing import Any

from schemas.events import ActivityPosted, AttendeeErased, ConferenceOpened, Input
from schemas.outputs import AnyOutput, MatchAgreed, MatchSuggested, MatchWithdrawn
from schemas.times import DAY_MS, millis
from streams.matching import budget, cards, presence, ties
from streams.matching.changes import Changes
from streams.matching.decide import Decider
from streams.matching.ids import trace
from streams.matching.observe import Observer
from streams.matching.state import EarlyRecord, State
from streams.matching.timers import TimerKind, next_due, pop_due, set_timer

ENGINE_VERSION = 2
ID_RETENTION_MS = 7 * DAY_MS  # how long ids are remembered, except those of posts, which are known by their records


class Matcher:
    """Folds the log of one conference.

    ``policy`` overrides values of every opening, for comparisons; never in a recovery.
    """

    def __init__(self, conference: str, policy: dict[str, Any] | None = None, state: State | None = None) -> None:
        self.state = state or State(conference)
        self.observer = Observer(self.state, policy)
        self.decider = Decider(self.state, self.observer.people)
        self._outputs = 0

    # -- folding -------------------------------------------------------------------------------------------------

    def apply(self, event: Input, at: int, recorded: int | None) -> list[AnyOutput]:
        """Folds one record. ``at``, ``recorded``: ms. Returns the outputs that were due before it, and its own."""
        if self.state.opened:
            return self._fold(event, at, recorded)
        return [output for early in self._release_early(event, at, recorded) for output in self._fold(*early)]

    def recover(self, event: Input, at: int, recorded: int | None, outputs: list[AnyOutput]) -> None:
        """Folds one record whose outputs were recorded; decides nothing. Call ``resume`` after the last one."""
        for early in [(event, at, recorded)] if self.state.opened else self._release_early(event, at, recorded):
            self._refold(*early, outputs if early[0] is event else [])

    def _release_early(self, event: Input, at: int, recorded: int | None) -> list[EarlyRecord]:
        """Stores records that precede the opening. At the opening, adopts its rules and returns all of them to fold."""
        state = self.state
        if type(event) is ConferenceOpened and all(earlier.id != event.id for earlier, _, _ in state.early):
            self.observer.adopt(event)
            early, state.early = state.early, []
            return [*early, (event, at, recorded)]
        state.early.append((event, at, recorded))
        return []

    def _fold(self, event: Input, at: int, recorded: int | None) -> list[AnyOutput]:
        state, observer = self.state, self.observer
        now = at if recorded is None else recorded
        if now < state.now:
            now = state.now
        if not self._is_new(event, now):
            return []
        outputs: list[AnyOutput] = []
        self._outputs = 0
        if state.timers and state.timers[0][0] <= now:
            self._advance_time(now, outputs)
        self._observe(event, at if at < now else now, now)
        if observer.changes.has_any():
            self._decide(now, event.id, outputs)
        state.applied += 1
        return outputs

    def _refold(self, event: Input, at: int, recorded: int | None, outputs: list[AnyOutput]) -> None:
        state = self.state
        now = max(state.now, at if recorded is None else recorded)
        if not self._is_new(event, now):
            return
        for output in outputs:
            if output.caused_by != event.id:  # was due before the record
                self._advance(millis(output.at))
                self.settle(output)
        self._observe(event, min(at, now), now)
        for output in outputs:
            if output.caused_by == event.id:
                self.settle(output)
        self.observer.changes = Changes()
        state.applied += 1

    def resume(self) -> None:
        """After a recovery: sets all timers again.

        Suggestions that could already have been made are considered with the next record.
        """
        state = self.state
        state.timers.clear()
        budget.review_timers(state)
        for person in state.attendees.values():
            if cards.open_cards(state, person.id) and presence.lapses_at(state, person) > state.now:
                set_timer(state, presence.lapses_at(state, person), TimerKind.LAPSE, person.id)
        for card in state.cards.values():
            if card.ended and card.again_at > state.now:
                set_timer(state, card.again_at, TimerKind.REMATCH, card.a, card.b)
            for who in card.holders():
                if cards.awaits_reminder(card, who):
                    set_timer(state, cards.remind_at(card, who), TimerKind.REMIND, card.a, card.b)
        everybody = Changes(people=set(state.attendees))
        for candidate in self.decider.candidates(everybody, state.now):
            self.observer.changes.pairs.add((candidate.a, candidate.b))

    def settle(self, output: AnyOutput) -> None:
        """Remembers an output that was emitted."""
        state = self.state
        if isinstance(output, MatchSuggested):
            one, other = (state.attendees[name] for name in output.attendees)
            cards.settle_suggested(state, output, ties.known_by_conversation(state, one, other))
            for name in output.to:
                budget.count_suggestion(state.attendees[name], millis(output.at), output.caused_by)
        elif isinstance(output, MatchAgreed):
            cards.settle_agreed(state, output)
        elif isinstance(output, MatchWithdrawn):
            cards.settle_withdrawn(state, output, millis(output.at))

    # -- time ----------------------------------------------------------------------------------------------------

    def next_due(self) -> int | None:
        """When something may become due, so that a tick is worthwhile (ms); None if nothing can."""
        return None if self.state.closed else next_due(self.state)

    def _advance(self, now: int) -> None:
        self.state.now = max(self.state.now, now)
        self.observer.evidence.advance(self.state.now)

    def _advance_time(self, now: int, outputs: list[AnyOutput]) -> None:
        """Decides everything that is due up to now, moment by moment."""
        state = self.state
        while not state.closed:
            moment = next_due(state)
            if moment is None or moment > now:
                return
            self._advance(moment)
            for kind, a, b in pop_due(state, moment):
                self._fire(kind, a, b)
            self._decide(state.now, None, outputs)

    def _fire(self, kind: TimerKind, a: str, b: str) -> None:
        changes = self.observer.changes
        if kind is TimerKind.LAPSE:
            self._lapse(a)
        elif kind is TimerKind.BUDGET:
            budget.end_timer(self.state, a)
            changes.people.add(a)
        else:
            changes.pairs.add((a, b))

    def _lapse(self, name: str) -> None:
        state = self.state
        person = state.attendees.get(name)
        open_cards = cards.open_cards(state, name)
        if person is None or not open_cards:
            return
        moment = presence.lapses_at(state, person)
        if moment > state.now:
            set_timer(state, moment, TimerKind.LAPSE, name)
        elif moment == state.now:
            for card in open_cards:
                self.observer.changes.withdraw(card, "expired", card.holders(), person.sign_cause)

    # -- one record ----------------------------------------------------------------------------------------------

    def _is_new(self, event: Input, now: int) -> bool:
        """Whether the record counts: not a duplicate, from an allowed source, not after the closing."""
        state = self.state
        event_id = event.id
        if event_id in state.recent or event_id in state.older:
            recorded = state.recent.get(event_id, state.older.get(event_id, 0))
            if now - recorded < ID_RETENTION_MS:
                return False
        if (event_id in state.posts or state.buried) and self.observer.evidence.knows(event_id, now):
            return False
        if state.late and self._is_late(event_id, now):
            return False
        if state.closed and type(event) is not AttendeeErased:
            return False
        return type(event) is not ActivityPosted or event.source is None or self.observer.counts(event)

    def _observe(self, event: Input, at: int, now: int) -> None:
        state, observer = self.state, self.observer
        state.now = now
        observer.evidence.advance(now)
        if type(event) is not ActivityPosted:
            if now - state.turned_at >= ID_RETENTION_MS:
                self._rotate_ids(now)
            state.recent[event.id] = now
        elif at + state.policy.evidence_days * DAY_MS < now + ID_RETENTION_MS:
            # Other posts are known by their own record while they count.
            state.late[trace(state.conference, event.id)] = now
        observer.observe(event, at)

    def _rotate_ids(self, now: int) -> None:
        """Discards the older half of the remembered ids."""
        state = self.state
        state.older = state.recent if now - state.turned_at < 2 * ID_RETENTION_MS else {}
        state.recent, state.turned_at = {}, now

    def _is_late(self, event_id: str, now: int) -> bool:
        """Whether the id is of a recent post that was about to expire. Digests, for its author may be erased."""
        late = self.state.late
        while late and now - next(iter(late.values())) >= ID_RETENTION_MS:
            del late[next(iter(late))]
        return bool(late) and trace(self.state.conference, event_id) in late

    def _decide(self, now: int, cause: str | None, outputs: list[AnyOutput]) -> None:
        for output in self.decider.decide(self.observer.changes, now, cause, self._next_position):
            self.settle(output)
            outputs.append(output)
        self.observer.changes = Changes()

    def _next_position(self) -> str:
        self._outputs += 1
        return f"{self.state.applied}-{self._outputs - 1}"
