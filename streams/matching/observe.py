"""What a record changes: evidence, presence, consent, answers; and what that asks to be decided.

Owns: the table from event types to effects. May never: put anything out (``decide`` does) or look ahead.
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
from streams.matching import cards, presence, ties
from streams.matching.cards import open_cards, pair_of
from streams.matching.changes import Changes
from streams.matching.evidence import Evidence
from streams.matching.people import People
from streams.matching.sessions import Sessions, weight
from streams.matching.state import ORDER_BITS, Account, Attendee, Card, ChatDay, Post, State
from streams.matching.timers import Wake, wake_at


class Observer:
    """Takes records into the state of one conference."""

    def __init__(self, state: State, policy: dict[str, Any] | None = None) -> None:
        self.state = state
        self.policy = policy or {}
        self.evidence = Evidence(state)
        self.people = People(state, self.evidence.sessions)
        self.changes = Changes()

    def observe(self, event: Any, at: int) -> None:
        """Takes one record in; ``at`` is not after now."""
        state = self.state
        if state.erased:
            attendee = getattr(event, "attendee", None)
            if attendee is not None and attendee not in state.attendees and self.people.is_erased(attendee):
                return
        _EFFECTS[type(event)](self, event, at, at << ORDER_BITS | state.applied)
        if self.people.moved:
            self._follow(event.id)
        sessions = self.evidence.sessions
        if sessions.entered or sessions.shrunk:
            self._look_at(sessions)

    def _follow(self, cause: str) -> None:
        """Whose accounts, names or blocks changed: where they sit, whom they may meet now, whom no longer."""
        for name in self.people.moved:
            person = self.state.attendees.get(name)
            if person is None:
                continue
            presence.seat(self.state, person)
            self.changes.people.add(name)
            for card in open_cards(self.state, person.id):
                self._keep_apart(card, cause)
        self.people.moved.clear()

    def _keep_apart(self, card: Card, cause: str) -> None:
        """Blocked by id: the blocker's card goes. Blocked by account: it stays, and nothing comes of it."""
        attendees = self.state.attendees
        for holder in card.holders():
            one, other = attendees[holder], attendees[card.other(holder)]
            if self.people.has_blocked_id(one, other):
                self.changes.leave(card, "blocked", holder, cause)
            elif self.people.has_blocked_account(one, other):
                card.barred = True

    def _look_at(self, sessions: Sessions) -> None:
        """Who came into a session by what others said, or sits in one that weighs more now, may know somebody new."""
        state = self.state
        fellows = {number for session in sessions.shrunk if weight(session) for number in session.authors}
        for number in (fellows | sessions.entered) & state.here:
            owner = state.accounts[number].owner
            if owner is not None:
                self.changes.people.add(owner)
        sessions.entered.clear()
        sessions.shrunk.clear()

    # -- conference ----------------------------------------------------------------------------------------------

    def adopt(self, event: ConferenceOpened) -> None:
        """Takes the rules of an opening over: policy, chats, organizer."""
        state = self.state
        before, chats = state.policy, state.chats
        state.organizer = event.organizer
        state.policy = replace(event.matching, **self.policy)
        state.chats = tuple([_chat_day(chat) for chat in event.chats])
        if state.chats != chats:
            self._gather()
        if state.policy.accounts != before.accounts:
            self.people.settle_all()

    def _opened(self, event: ConferenceOpened, at: int, when: int) -> None:
        state = self.state
        self.adopt(event)
        state.opened = True
        for person in state.attendees.values():
            self.changes.people.add(person.id)
            if open_cards(state, person.id) and presence.lapses_at(state, person) > state.now:
                wake_at(state, presence.lapses_at(state, person), Wake.LAPSE, person.id)

    def _gather(self) -> None:
        """Other chats: the sessions of all posts anew."""
        state = self.state
        state.sessions.clear()
        state.session_numbers.clear()
        for account in state.accounts.values():
            account.sessions = {}
        self.evidence.sessions = self.people.sessions = Sessions(state)

    def _closed(self, event: ConferenceClosed, at: int, when: int) -> None:
        self.state.closed = True

    def _ticked(self, event: ClockTicked, at: int, when: int) -> None:
        """Time has passed already, before the record was applied."""

    # -- attendees -----------------------------------------------------------------------------------------------

    def _registered(self, event: AttendeeRegistered, at: int, when: int) -> None:
        self.people.register(event, when)

    def _verified(self, event: AccountVerified, at: int, when: int) -> None:
        loser = self.people.verify(event.attendee, event.account)
        if loser is None:
            return
        for card in open_cards(self.state, loser.id):
            if not ties.known(self.state, loser, self.state.attendees[card.other(loser.id)]):
                self.changes.end(card, "unproved", card.holders(), event.id)

    def _released(self, event: AccountReleased, at: int, when: int) -> None:
        self.people.release(event.attendee, event.account)

    def _blocked(self, event: AttendeeBlocked | AttendeeUnblocked, at: int, when: int) -> None:
        self.people.block(event.attendee, event.blocked, when, on=type(event) is AttendeeBlocked)

    def _consented(self, event: ConsentChanged, at: int, when: int) -> None:
        changed = self.people.consent(event, when)
        person = self.state.attendees[event.attendee]
        if changed.get("matching") is False:
            self._end_all(person, "consent_withdrawn", event.id)
        elif changed.get("chats") is False:
            for card in open_cards(self.state, person.id):
                if card.chats_only:
                    self.changes.end(card, "consent_withdrawn", card.holders(), event.id)
        if changed:
            self.changes.people.add(person.id)

    def _end_all(self, person: Attendee, cause: Cause, caused_by: str) -> None:
        for card in open_cards(self.state, person.id):
            self.changes.end(card, cause, card.holders(), caused_by)

    def _erased(self, event: AttendeeErased, at: int, when: int) -> None:
        for card in open_cards(self.state, event.attendee):
            to = tuple([holder for holder in card.holders() if holder != event.attendee])
            self.changes.end(card, "erased", to, event.id)
        cards.drop(self.state, event.attendee)
        owned = self.people.erase(event.attendee)
        for account in owned:
            account.cut_at = max(account.cut_at, at)
        for account in owned:
            self._bury(account, at)

    def _bury(self, account: Account, at: int) -> None:
        if account.no not in self.state.accounts:
            return  # only the one before had to do with it: it went with that one
        if account.moved:  # cards of who had it before may name its posts
            cards.strike(self.state, {post.id for post in account.posts})
        claims, account.claims = account.claims, {}
        self.evidence.erase(account, at)
        if claims:
            self.people.reclaim(account.text, claims)

    # -- presence ------------------------------------------------------------------------------------------------

    def _arrived(self, event: CheckinArrived, at: int, when: int) -> None:
        state = self.state
        person = state.attendees.get(event.attendee) or self.people.attendee(event.attendee)
        was_here = presence.is_here(state, person, state.now)
        presence.arrive(person, event.place, when, event.id)
        if not was_here:
            self._appeared(person)

    def _appeared(self, person: Attendee) -> None:
        """Somebody was not here and may be now."""
        state = self.state
        presence.seat(state, person)  # also who has lapsed already: a new opening may give more hours
        if not presence.is_here(state, person, state.now):
            return
        self.changes.people.add(person.id)
        if open_cards(self.state, person.id):
            wake_at(state, presence.lapses_at(state, person), Wake.LAPSE, person.id)

    def _left(self, event: CheckinLeft, at: int, when: int) -> None:
        person = self.people.attendee(event.attendee)
        presence.leave(person, event.place, when)
        if person.left > person.arrived:
            presence.seat(self.state, person)
            self._end_all(person, "left", event.id)

    # -- activity ------------------------------------------------------------------------------------------------

    def counts(self, event: ActivityPosted) -> bool:
        """Whether the post counts here, by who brought it; one that does not leaves no trace."""
        source = event.source or ""
        if source.startswith("connector:"):
            return True
        kind, _, who = source.partition(":")
        if kind == "organizer":
            return who == self.state.organizer
        return kind != "attendee" or self.people.has_verified(who, event.actor)

    def _posted(self, event: ActivityPosted, at: int, when: int) -> None:
        state = self.state
        if state.now - at >= state.policy.evidence_days * DAY_MS:
            return
        author, post, joined = self.evidence.add(event, at, state.applied)
        if author.no in state.here:
            self._look(author, post, joined)

    def _look(self, author: Account, post: Post, joined: bool) -> None:
        """The author is here: with whom may the post have made a tie?"""
        state = self.state
        owner = author.owner
        assert owner is not None  # only attendees' accounts are here
        for target in post.targets:
            if target in state.here:
                other = state.accounts[target].owner
                if other is not None and other != owner:
                    self.changes.pairs.add(pair_of(owner, other))
        if joined and state.attendees[owner].chats:
            self.changes.people.add(owner)

    def _deleted(self, event: ActivityDeleted, at: int, when: int) -> None:
        self.evidence.delete(event.actor, event.deleted)

    # -- answers -------------------------------------------------------------------------------------------------

    def _answered(self, event: MatchAnswered, at: int, when: int) -> None:
        taken = cards.answer(self.state, event, when)
        if taken is None:
            return
        card, pass_on = taken
        if event.answer == "here":
            self._told_place(event, card, at, pass_on)
        elif cards.standing(card, event.attendee) == "declined":
            self.changes.leave(card, "declined", event.attendee, event.id)
        elif cards.is_agreeable(card):
            self.changes.agreeing[card.a, card.b] = card
        elif not card.ended:
            self.changes.pairs.add((card.a, card.b))

    def _told_place(self, event: MatchAnswered, card: Card, at: int, pass_on: bool) -> None:
        """To say where one is, is a sign of being here; no other answer is one."""
        person = self.state.attendees[event.attendee]
        was_here = presence.is_here(self.state, person, self.state.now)
        presence.sign(person, at, event.id)
        if not was_here:
            self._appeared(person)
        if pass_on and event.place is not None:
            self.changes.locating.append((card, event.attendee, event.place))


def _chat_day(chat: Any) -> ChatDay:
    return ChatDay(chat.hashtag, chat.weekday, chat.start, chat.minutes, chat.time_zone)


_EFFECTS: dict[type[Event], Callable[[Observer, Any, int, int], None]] = {
    ConferenceOpened: Observer._opened,
    ConferenceClosed: Observer._closed,
    AttendeeRegistered: Observer._registered,
    AccountVerified: Observer._verified,
    AccountReleased: Observer._released,
    ConsentChanged: Observer._consented,
    AttendeeBlocked: Observer._blocked,
    AttendeeUnblocked: Observer._blocked,
    AttendeeErased: Observer._erased,
    CheckinArrived: Observer._arrived,
    CheckinLeft: Observer._left,
    ActivityPosted: Observer._posted,
    ActivityDeleted: Observer._deleted,
    MatchAnswered: Observer._answered,
    ClockTicked: Observer._ticked,
}
check_handlers(_EFFECTS, KINDS, "_EFFECTS of streams/matching/observe.py")
