"""Takes a record into the state: evidence, presence, consent, answers; and notes what that requires to be decided.

Responsibility: the table from event types to effects.
Invariants: nothing is emitted here (``decide`` does that), and later records play no part.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from schemas.events import (
    KINDS,
    AccountReleased,
    AccountVerified,
    ActivityDeleted,
    ActivityPosted,
    AttendeeBlocked,
    AttendeeErased,
    AttendeeRegistered,
    AttendeeUnblocked,
    CheckinArrived,
    CheckinLeft,
    ClockTicked,
    ConferenceClosed,
    ConferenceOpened,
    ConsentChanged,
    Event,
    MatchAnswered,
    check_handlers,
)
from schemas.outputs import Cause
from schemas.times import DAY_MS
from streams.matching import budget, cards, presence, ties
from streams.matching.cards import open_cards, pair_of
from streams.matching.changes import Changes
from streams.matching.evidence.posts import Evidence
from streams.matching.evidence.sessions import Sessions, weight
from streams.matching.people import People
from streams.matching.state import ORDER_BITS, Account, Attendee, Card, ChatDay, Post, State
from streams.matching.timers import TimerKind, set_timer


class Observer:
    """Takes records into the state of one conference."""

    def __init__(self, state: State, policy: dict[str, Any] | None = None) -> None:
        self.state = state
        self.policy = policy or {}
        self.evidence = Evidence(state)
        self.people = People(state, self.evidence.sessions)
        self.changes = Changes()

    def observe(self, event: Any, at: int) -> None:
        """Takes in one record; ``at`` (ms) is not later than the state's now."""
        state = self.state
        if state.erased:
            attendee = getattr(event, "attendee", None)
            if attendee is not None and attendee not in state.attendees and self.people.is_erased(attendee):
                return
        _EFFECTS[type(event)](self, event, at, at << ORDER_BITS | state.applied)
        if self.people.moved:
            self._update_moved(event.id)
        sessions = self.evidence.sessions
        if sessions.entered or sessions.shrunk:
            self._queue_participants(sessions)

    def _update_moved(self, cause: str) -> None:
        """Updates presence, possible suggestions and open cards of people whose accounts, names or blocks changed."""
        for name in self.people.moved:
            person = self.state.attendees.get(name)
            if person is None:
                continue
            presence.update_available_accounts(self.state, person)
            self.changes.people.add(name)
            for card in open_cards(self.state, person.id):
                self._apply_block(card, cause)
        self.people.moved.clear()

    def _apply_block(self, card: Card, cause: str) -> None:
        """A block by id withdraws the card from the blocker. A block by account bars it, and it stays visible."""
        attendees = self.state.attendees
        for holder in card.holders():
            one, other = attendees[holder], attendees[card.other(holder)]
            if self.people.has_blocked_id(one, other):
                self.changes.withdraw_from_one(card, "blocked", holder, cause)
            elif self.people.has_blocked_account(one, other):
                card.barred = True

    def _queue_participants(self, sessions: Sessions) -> None:
        """People who entered a session through others' posts, or whose session weighs more, may know somebody new."""
        state = self.state
        participants = {number for session in sessions.shrunk if weight(session) for number in session.authors}
        for number in (participants | sessions.entered) & state.available_accounts:
            owner = state.accounts[number].owner
            if owner is not None:
                self.changes.people.add(owner)
        sessions.entered.clear()
        sessions.shrunk.clear()

    # -- conference ----------------------------------------------------------------------------------------------

    def adopt(self, event: ConferenceOpened) -> None:
        """Adopts the rules of an opening: policy, chats, organizer."""
        state = self.state
        before, chats = state.policy, state.chats
        state.organizer = event.organizer
        state.policy = replace(event.matching, **self.policy)
        state.chats = tuple([_chat_day(chat) for chat in event.chats])
        if state.policy != before:
            budget.review_timers(state)
        if state.chats != chats:
            self._rebuild_sessions()
        if state.policy.accounts != before.accounts:
            self.people.assign_all_owners()

    def _on_opened(self, event: ConferenceOpened, at: int, when: int) -> None:
        state = self.state
        self.adopt(event)
        state.opened = True
        for person in state.attendees.values():
            self.changes.people.add(person.id)
            if open_cards(state, person.id) and presence.lapses_at(state, person) > state.now:
                set_timer(state, presence.lapses_at(state, person), TimerKind.LAPSE, person.id)

    def _rebuild_sessions(self) -> None:
        """Rebuilds all sessions from the posts, for the chats have changed."""
        state = self.state
        state.sessions.clear()
        state.session_numbers.clear()
        for account in state.accounts.values():
            account.sessions = {}
        self.evidence.sessions = self.people.sessions = Sessions(state)

    def _on_closed(self, event: ConferenceClosed, at: int, when: int) -> None:
        self.state.closed = True

    def _on_ticked(self, event: ClockTicked, at: int, when: int) -> None:
        """Nothing to do: time was advanced before the record."""

    # -- attendees -----------------------------------------------------------------------------------------------

    def _on_registered(self, event: AttendeeRegistered, at: int, when: int) -> None:
        self.people.register(event, when)

    def _on_verified(self, event: AccountVerified, at: int, when: int) -> None:
        loser = self.people.verify(event.attendee, event.account)
        if loser is None:
            return
        for card in open_cards(self.state, loser.id):
            if not ties.known(self.state, loser, self.state.attendees[card.other(loser.id)]):
                self.changes.withdraw(card, "unproved", card.holders(), event.id)

    def _on_released(self, event: AccountReleased, at: int, when: int) -> None:
        self.people.release(event.attendee, event.account)

    def _on_blocked(self, event: AttendeeBlocked | AttendeeUnblocked, at: int, when: int) -> None:
        self.people.block(event.attendee, event.blocked, when, on=type(event) is AttendeeBlocked)

    def _on_consented(self, event: ConsentChanged, at: int, when: int) -> None:
        changed = self.people.consent(event, when)
        person = self.state.attendees[event.attendee]
        if changed.get("matching") is False:
            self._end_all(person, "consent_withdrawn", event.id)
        elif changed.get("chats") is False:
            for card in open_cards(self.state, person.id):
                if card.chats_only:
                    self.changes.withdraw(card, "consent_withdrawn", card.holders(), event.id)
        if changed:
            self.changes.people.add(person.id)

    def _end_all(self, person: Attendee, cause: Cause, caused_by: str) -> None:
        for card in open_cards(self.state, person.id):
            self.changes.withdraw(card, cause, card.holders(), caused_by)

    def _on_erased(self, event: AttendeeErased, at: int, when: int) -> None:
        for card in open_cards(self.state, event.attendee):
            to = tuple([holder for holder in card.holders() if holder != event.attendee])
            self.changes.withdraw(card, "erased", to, event.id)
        cards.forget_attendee(self.state, event.attendee)
        owned = self.people.erase(event.attendee)
        for account in owned:
            account.cut_at = max(account.cut_at, at)
        for account in owned:
            self._bury(account, at)

    def _bury(self, account: Account, at: int) -> None:
        if account.no not in self.state.accounts:
            return  # it held data of its previous owner alone, and went with them
        if account.moved:  # cards of its previous owner may name its posts
            cards.remove_posts(self.state, {post.id for post in account.posts})
        claims, account.claims = account.claims, {}
        self.evidence.erase(account, at)
        if claims:
            self.people.reclaim(account.text, claims)

    # -- presence ------------------------------------------------------------------------------------------------

    def _on_arrived(self, event: CheckinArrived, at: int, when: int) -> None:
        state = self.state
        person = state.attendees.get(event.attendee) or self.people.attendee(event.attendee)
        was_here = presence.is_here(state, person, state.now)
        presence.arrive(person, event.place, when, event.id)
        if not was_here:
            self._become_present(person)

    def _become_present(self, person: Attendee) -> None:
        """Somebody was not present and may be now."""
        state = self.state
        presence.update_available_accounts(
            state, person
        )  # also if their presence has expired: a new opening may allow more hours
        if not presence.is_here(state, person, state.now):
            return
        self.changes.people.add(person.id)
        if open_cards(self.state, person.id):
            set_timer(state, presence.lapses_at(state, person), TimerKind.LAPSE, person.id)

    def _on_left(self, event: CheckinLeft, at: int, when: int) -> None:
        person = self.people.attendee(event.attendee)
        presence.leave(person, event.place, when)
        if person.left > person.arrived:
            presence.update_available_accounts(self.state, person)
            self._end_all(person, "left", event.id)

    # -- activity ------------------------------------------------------------------------------------------------

    def counts(self, event: ActivityPosted) -> bool:
        """Whether the post counts, by its source; one that does not leaves no trace in the state."""
        source = event.source or ""
        if source.startswith("connector:"):
            return True
        kind, _, who = source.partition(":")
        if kind == "organizer":
            return who == self.state.organizer
        return kind != "attendee" or self.people.has_verified(who, event.actor)

    def _on_posted(self, event: ActivityPosted, at: int, when: int) -> None:
        state = self.state
        if state.now - at >= state.policy.evidence_days * DAY_MS:
            return
        author, post, joined = self.evidence.add(event, at, state.applied)
        if author.no in state.available_accounts:
            self._queue_partners(author, post, joined)

    def _queue_partners(self, author: Account, post: Post, joined: bool) -> None:
        """The author is available: queues the people with whom the post may have created a tie."""
        state = self.state
        owner = author.owner
        assert owner is not None  # only accounts of attendees are available
        for target in post.targets:
            if target in state.available_accounts:
                other = state.accounts[target].owner
                if other is not None and other != owner:
                    self.changes.pairs.add(pair_of(owner, other))
        if joined and state.attendees[owner].chats:
            self.changes.people.add(owner)

    def _on_deleted(self, event: ActivityDeleted, at: int, when: int) -> None:
        self.evidence.delete(event.actor, event.deleted)

    # -- answers -------------------------------------------------------------------------------------------------

    def _on_answered(self, event: MatchAnswered, at: int, when: int) -> None:
        accepted = cards.record_answer(self.state, event, when)
        if accepted is None:
            return
        card, pass_on = accepted
        if event.answer == "here":
            self._share_location(event, card, at, pass_on)
        elif cards.current_answer(card, event.attendee) == "declined":
            self.changes.withdraw_from_one(card, "declined", event.attendee, event.id)
        elif cards.is_agreeable(card):
            self.changes.agreements[card.a, card.b] = card
        elif not card.ended:
            self.changes.pairs.add((card.a, card.b))

    def _share_location(self, event: MatchAnswered, card: Card, at: int, pass_on: bool) -> None:
        """An answer with a location is a sign of presence; other answers are not."""
        person = self.state.attendees[event.attendee]
        was_here = presence.is_here(self.state, person, self.state.now)
        presence.sign(person, at, event.id)
        if not was_here:
            self._become_present(person)
        if pass_on and event.place is not None:
            self.changes.locations.append((card, event.attendee, event.place))


def _chat_day(chat: Any) -> ChatDay:
    return ChatDay(chat.hashtag, chat.weekday, chat.start, chat.minutes, chat.time_zone)


_EFFECTS: dict[type[Event], Callable[[Observer, Any, int, int], None]] = {
    ConferenceOpened: Observer._on_opened,
    ConferenceClosed: Observer._on_closed,
    AttendeeRegistered: Observer._on_registered,
    AccountVerified: Observer._on_verified,
    AccountReleased: Observer._on_released,
    ConsentChanged: Observer._on_consented,
    AttendeeBlocked: Observer._on_blocked,
    AttendeeUnblocked: Observer._on_blocked,
    AttendeeErased: Observer._on_erased,
    CheckinArrived: Observer._on_arrived,
    CheckinLeft: Observer._on_left,
    ActivityPosted: Observer._on_posted,
    ActivityDeleted: Observer._on_deleted,
    MatchAnswered: Observer._on_answered,
    ClockTicked: Observer._on_ticked,
}
check_handlers(_EFFECTS, KINDS, "_EFFECTS of streams/matching/observe.py")
