"""Why a pair is, or is not, suggested at a moment: the contract's conditions one by one, with their facts.

Invariants: nothing is decided here (the same functions as in ``decide`` are called), changed, or put into sentences.
All facts are for a tester: they name blocks and declines. What others may see of them is decided where it is shown.
"""

from schemas.times import DAY_MS, HOUR_MS
from streams.matching import budget, cards, presence, ties
from streams.matching.engine import Matcher
from streams.matching.evidence.sessions import people, weight
from streams.matching.explanation import steps
from streams.matching.explanation.steps import PairStep, RuleStep
from streams.matching.state import NEVER, ORDER_BITS, Attendee, Card, State


def explain(matcher: Matcher, a: str, b: str, now: int) -> list[PairStep]:
    """The conditions of a suggestion of the two at ``now`` (ms, not before the matcher's), in the contract's order."""
    state = matcher.state
    conference = steps.Conference(state.opened, state.closed)
    if not state.opened:  # earlier records wait for the opening
        return [conference]
    one, other = (state.attendees.get(name) for name in sorted((a, b)))
    found: list[PairStep] = [conference, *(_registered(matcher, name) for name in sorted((a, b)))]
    if one is None or other is None:
        return found
    pair = (one, other)
    found += [steps.Consent(person.id, person.matching) for person in pair]
    found += [_present(state, person, now) for person in pair]
    found += [*(_accounts(state, person) for person in pair), _conversation(state, one, other)]
    found += [_chats(state, one, other), _known(state, one, other)]
    found += [_blocked(matcher, one, other), _earlier(state, one, other, now)]
    return found + [_budget(state, person, now) for person in pair]


def rules(state: State) -> list[RuleStep]:
    """The conference's rules, which are the same for every pair and depend on nobody."""
    policy = state.policy
    return [
        steps.PresenceRule(policy.presence_hours),
        steps.ConversationRule(policy.known_each, policy.known_posts, policy.known_days),
        steps.ChatsRule(tuple(sorted({chat.tag for chat in state.chats})), policy.chat_sessions, policy.chat_weight),
        steps.BudgetRule(policy.per_hour, policy.per_day),
    ]


def why_not(matcher: Matcher, a: str, b: str) -> list[PairStep]:
    """The conditions that fail for the pair at the matcher's now; empty if all hold."""
    return [step for step in explain(matcher, a, b, matcher.state.now) if step.ok is False]


def _when(stamp: int) -> int | None:
    return None if stamp == NEVER else stamp >> ORDER_BITS


def _registered(matcher: Matcher, name: str) -> steps.Registered:
    person = matcher.state.attendees.get(name)
    at = None if person is None else _when(person.registered)
    return steps.Registered(name, at, matcher.observer.people.is_erased(name))


def _present(state: State, person: Attendee, now: int) -> steps.Present:
    left = person.left if person.left >= person.arrived else NEVER
    return steps.Present(
        attendee=person.id,
        here=presence.is_here(state, person, now),
        arrived=_when(person.arrived),
        left=_when(left),
        place=presence.place_of(person),
        sign=person.sign_at,
        lapses=presence.lapses_at(state, person),
    )


def _accounts(state: State, person: Attendee) -> steps.Accounts:
    names = tuple(state.accounts[number].text for number in person.accounts)
    return steps.Accounts(person.id, names, person.claims)


def _conversation(state: State, a: Attendee, b: Attendee) -> steps.Conversation:
    out, back = ties.sent(state, a, b), ties.sent(state, b, a)
    return steps.Conversation(
        a=a.id,
        b=b.id,
        a_to_b=len(out),
        b_to_a=len(back),
        days=len({post.stamp // (DAY_MS << ORDER_BITS) for post in (*out, *back)}),
        enough=ties.known_by_conversation(state, a, b),
        known_each=state.policy.known_each,
        known_posts=state.policy.known_posts,
        known_days=state.policy.known_days,
    )


def _chats(state: State, a: Attendee, b: Attendee) -> steps.Chats:
    common = ties.common_sessions(state, a, b).values()
    return steps.Chats(
        silent=tuple(person.id for person in (a, b) if not person.chats),
        sizes=tuple(sorted(people(session) for session in common)),
        weight=sum(weight(session) for session in common),
        chat_sessions=state.policy.chat_sessions,
        chat_weight=state.policy.chat_weight,
    )


def _known(state: State, a: Attendee, b: Attendee) -> steps.Known:
    by_conversation, by_chat = ties.known_by_conversation(state, a, b), ties.known_by_chat(state, a, b)
    return steps.Known(
        ways=(*(("conversation",) if by_conversation else ()), *(("chat",) if by_chat else ())),
        points=ties.score(state, a, b, state.now),
        a_to_b=len(ties.sent(state, a, b)),
        b_to_a=len(ties.sent(state, b, a)),
        sessions=len(ties.common_sessions(state, a, b)),
    )


def _blocked(matcher: Matcher, a: Attendee, b: Attendee) -> steps.Blocked:
    has_blocked = matcher.observer.people.has_blocked
    return steps.Blocked(tuple((one.id, other.id) for one, other in ((a, b), (b, a)) if has_blocked(one, other)))


def _earlier(state: State, a: Attendee, b: Attendee, now: int) -> steps.Earlier:
    card = state.cards.get((a.id, b.id))
    if card is None:
        return steps.Earlier()
    said = tuple((name, card.answers[name].answer) for name in sorted(card.answers))
    if not card.ended:
        return _open(card, said, now)
    again = None if card.again_at == NEVER else card.again_at
    return steps.Earlier(match=card.match, state=_ended(card, now), said=said, again=again)


def _open(card: Card, said: tuple[tuple[str, str], ...], now: int) -> steps.Earlier:
    waiting = [who for who in card.holders() if cards.awaits_reminder(card, who)]
    return steps.Earlier(
        match=card.match,
        state="open",
        said=said,
        gone=tuple(card.withdrawn_from),
        agreed=card.agreed,
        reminders=tuple((who, cards.remind_at(card, who)) for who in waiting),
        due=bool(cards.due_reminders(card, now)),
    )


def _ended(card: Card, now: int) -> steps.EarlierState:
    if cards.may_suggest(card, now):
        return "free"
    if card.again_at != NEVER:
        return "waits"
    return "met" if "met" in (cards.current_answer(card, card.a), cards.current_answer(card, card.b)) else "over"


def _budget(state: State, person: Attendee, now: int) -> steps.Budget:
    hour, day = (
        sum(1 for suggestion in person.suggestions if now - suggestion.at < span) for span in (HOUR_MS, DAY_MS)
    )
    frees, _ = budget.frees_at(state, person)
    return steps.Budget(
        attendee=person.id,
        in_hour=hour,
        in_day=day,
        per_hour=state.policy.per_hour,
        per_day=state.policy.per_day,
        frees=None if frees >= budget.NEVER_FREE else frees,
        is_within_budget=frees <= now,
    )
