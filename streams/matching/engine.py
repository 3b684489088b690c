"""The matcher of one conference: a fold of its log.

    observe(record)   takes evidence, presence, consent
    decide(now)       says which outputs are due
    settle(output)    remembers what was told

A fold is observe, decide, settle (``apply``); a recovery is observe and settle with the recorded outputs
(``recover``), so that
what people were told stays told, also under another policy or a mended engine.
May never: await, read a clock, draw a number, log.
"""

from typing import Any

from schemas.events import ActivityPosted, AttendeeErased, ConferenceOpened, Input
from schemas.outputs import AnyOutput, MatchAgreed, MatchSuggested, MatchWithdrawn
from schemas.times import DAY_MS, millis
from streams.matching import budget as room
from streams.matching import cards, presence, ties
from streams.matching.changes import Changes
from streams.matching.decide import Decider
from streams.matching.ids import trace
from streams.matching.observe import Observer
from streams.matching.state import State, Waiting
from streams.matching.timers import Wake, next_due, take, wake_at

ENGINE_VERSION = 2
IDS_KEPT_MS = 7 * DAY_MS  # how long the id of what is no post is recognised


class Matcher:
    """Folds the log of one conference.

    ``policy`` overrides values of every opening (a comparison, never a recovery).
    """

    def __init__(self, conference: str, policy: dict[str, Any] | None = None, state: State | None = None) -> None:
        self.state = state or State(conference)
        self.observer = Observer(self.state, policy)
        self.decider = Decider(self.state, self.observer.people)
        self._outputs = 0

    # -- folding -------------------------------------------------------------------------------------------------

    def apply(self, event: Input, at: int, recorded: int | None) -> list[AnyOutput]:
        """Folds one record: the outputs of what was due before it, and its own."""
        if self.state.opened:
            return self._fold(event, at, recorded)
        return [output for waited in self._opening(event, at, recorded) for output in self._fold(*waited)]

    def recover(self, event: Input, at: int, recorded: int | None, told: list[AnyOutput]) -> None:
        """Folds one record whose outputs were recorded: nothing is decided anew. Ends with ``resume``."""
        for waited in [(event, at, recorded)] if self.state.opened else self._opening(event, at, recorded):
            self._refold(*waited, told if waited[0] is event else [])

    def _opening(self, event: Input, at: int, recorded: int | None) -> list[Waiting]:
        """Keeps what comes before the opening; with the opening, gives it all to be folded by the rules that it
        brings."""
        state = self.state
        if type(event) is ConferenceOpened and all(waited.id != event.id for waited, _, _ in state.early):
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
            self._pass_time(now, outputs)
        self._take(event, at if at < now else now, now)
        if observer.changes.ask_anything():
            self._decide(now, event.id, outputs)
        state.applied += 1
        return outputs

    def _refold(self, event: Input, at: int, recorded: int | None, told: list[AnyOutput]) -> None:
        state = self.state
        now = max(state.now, at if recorded is None else recorded)
        if not self._is_new(event, now):
            return
        for output in told:
            if output.caused_by != event.id:  # due before the record
                self._advance(millis(output.at))
                self.settle(output)
        self._take(event, min(at, now), now)
        for output in told:
            if output.caused_by == event.id:
                self.settle(output)
        self.observer.changes = Changes()
        state.applied += 1

    def resume(self) -> None:
        """After a recovery: works out anew what may become due.

        What could have been told before is looked at with the next record.
        """
        state = self.state
        state.timers.clear()
        state.room_wakes.clear()
        for person in state.attendees.values():
            if cards.open_cards(state, person.id) and presence.lapses_at(state, person) > state.now:
                wake_at(state, presence.lapses_at(state, person), Wake.LAPSE, person.id)
        for card in state.cards.values():
            if card.ended and card.again_at > state.now:
                wake_at(state, card.again_at, Wake.AGAIN, card.a, card.b)
            for who in card.holders():
                if cards.awaits_reminder(card, who):
                    wake_at(state, cards.remind_at(card, who), Wake.REMIND, card.a, card.b)
        everybody = Changes(people=set(state.attendees))
        for wish in self.decider.wishes(everybody, state.now):
            self.observer.changes.pairs.add((wish.a, wish.b))

    def settle(self, output: AnyOutput) -> None:
        """Remembers what was told."""
        state = self.state
        if isinstance(output, MatchSuggested):
            one, other = (state.attendees[name] for name in output.attendees)
            cards.settle_suggested(state, output, ties.known_by_conversation(state, one, other))
            for name in output.to:
                room.tell(state.attendees[name], millis(output.at), output.caused_by)
        elif isinstance(output, MatchAgreed):
            cards.settle_agreed(state, output)
        elif isinstance(output, MatchWithdrawn):
            cards.settle_withdrawn(state, output, millis(output.at))

    # -- time ----------------------------------------------------------------------------------------------------

    def next_due(self) -> int | None:
        """When a tick is worth its while, in ms; None when nothing can become due."""
        return None if self.state.closed else next_due(self.state)

    def _advance(self, now: int) -> None:
        self.state.now = max(self.state.now, now)
        self.observer.evidence.advance(self.state.now)

    def _pass_time(self, now: int, outputs: list[AnyOutput]) -> None:
        """Lets happen all that is due up to now, moment by moment."""
        state = self.state
        while not state.closed:
            moment = next_due(state)
            if moment is None or moment > now:
                return
            self._advance(moment)
            for kind, a, b in take(state, moment):
                self._wake(kind, a, b)
            self._decide(state.now, None, outputs)

    def _wake(self, kind: Wake, a: str, b: str) -> None:
        changes = self.observer.changes
        if kind is Wake.LAPSE:
            self._lapse(a)
        elif kind is Wake.ROOM:
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
            wake_at(state, moment, Wake.LAPSE, name)
        elif moment == state.now:
            for card in open_cards:
                self.observer.changes.end(card, "expired", card.holders(), person.sign_cause)

    # -- one record ----------------------------------------------------------------------------------------------

    def _is_new(self, event: Input, now: int) -> bool:
        """Whether the record counts: no double, not brought by somebody who may not, nothing after the closing."""
        state = self.state
        event_id = event.id
        if event_id in state.recent or event_id in state.older:
            recorded = state.recent.get(event_id, state.older.get(event_id, 0))
            if now - recorded < IDS_KEPT_MS:
                return False
        if (event_id in state.posts or state.buried) and self.observer.evidence.knows(event_id, now):
            return False
        if state.late and self._is_late(event_id, now):
            return False
        if state.closed and type(event) is not AttendeeErased:
            return False
        return type(event) is not ActivityPosted or event.source is None or self.observer.counts(event)

    def _take(self, event: Input, at: int, now: int) -> None:
        state, observer = self.state, self.observer
        state.now = now
        observer.evidence.advance(now)
        if type(event) is not ActivityPosted:
            if now - state.turned_at >= IDS_KEPT_MS:
                self._turn(now)
            state.recent[event.id] = now
        elif at + state.policy.evidence_days * DAY_MS < now + IDS_KEPT_MS:
            # Other posts are known by their own record, for as long as they count.
            state.late[trace(state.conference, event.id)] = now
        observer.observe(event, at)

    def _turn(self, now: int) -> None:
        """Lets go of the older half of the ids."""
        state = self.state
        state.older = state.recent if now - state.turned_at < 2 * IDS_KEPT_MS else {}
        state.recent, state.turned_at = {}, now

    def _is_late(self, event_id: str, now: int) -> bool:
        """Whether it is a post's that came lately, when it was about to stop counting (a digest: it may be an
        erased one's)."""
        late = self.state.late
        while late and now - next(iter(late.values())) >= IDS_KEPT_MS:
            del late[next(iter(late))]
        return bool(late) and trace(self.state.conference, event_id) in late

    def _decide(self, now: int, cause: str | None, outputs: list[AnyOutput]) -> None:
        for output in self.decider.decide(self.observer.changes, now, cause, self._position):
            self.settle(output)
            outputs.append(output)
        self.observer.changes = Changes()

    def _position(self) -> str:
        self._outputs += 1
        return f"{self.state.applied}-{self._outputs - 1}"
