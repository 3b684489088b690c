"""Why a pair is, or is not, suggested at a moment: the conditions of the contract one by one, with their facts.

Owns: the words. May never: decide (it asks the same functions as ``decide``) or change anything. A tester's view:
it names blocks and declines, and may never be shown to an attendee.
"""

from dataclasses import dataclass

from schemas.times import DAY_MS, HOUR_MS, written
from streams.matching import cards, presence, room, ties
from streams.matching.engine import Matcher
from streams.matching.sessions import people, weight
from streams.matching.state import NEVER, ORDER_BITS, Attendee, Card, State


@dataclass(frozen=True, slots=True)
class Step:
    """One condition. ``ok`` None: a fact that decides nothing by itself."""

    name: str
    ok: bool | None
    text: str


def explain(matcher: Matcher, a: str, b: str, now: int) -> list[Step]:
    """The conditions of a suggestion of the two at ``now`` (ms, not before the matcher's), in the contract's order."""
    state = matcher.state
    if not state.opened:  # what came before waits for the opening
        return [_conference(state)]
    one, other = (state.attendees.get(name) for name in sorted((a, b)))
    steps = [_conference(state), *(_registered(matcher, name) for name in sorted((a, b)))]
    if one is None or other is None:
        return steps
    pair = (one, other)
    steps += [_consent(person) for person in pair]
    steps += [_present(state, person, now) for person in pair]
    steps += [*(_accounts(state, person) for person in pair), _conversation(state, one, other)]
    steps += [_chats(state, one, other), _known(state, one, other)]
    steps += [_blocked(matcher, one, other), _earlier(state, one, other, now)]
    return steps + [_room(state, person, now) for person in pair]


def why_not(matcher: Matcher, a: str, b: str) -> tuple[str, ...]:
    """What keeps the pair from being suggested at the matcher's now; empty when everything holds."""
    return tuple(step.text for step in explain(matcher, a, b, matcher.state.now) if step.ok is False)


def moment(ms: int) -> str:
    """A time for people, in UTC."""
    return f"{written(ms)[:16].replace('T', ' ')} UTC"


def _since(stamp: int) -> str:
    return moment(stamp >> ORDER_BITS)


# -- the conference and its people -----------------------------------------------------------------------------------


def _conference(state: State) -> Step:
    if state.closed:
        return Step("conference", False, "The conference is closed: nothing is put out any more.")
    text = "The conference is open." if state.opened else "The conference has not been opened yet."
    return Step("conference", state.opened, text)


def _registered(matcher: Matcher, name: str) -> Step:
    person = matcher.state.attendees.get(name)
    if matcher.observer.people.is_erased(name):
        return Step("registered", False, f"{name} was erased, for ever.")
    if person is None or person.registered == NEVER:
        return Step("registered", False, f"{name} is not registered.")
    return Step("registered", True, f"{name} is registered, last on {_since(person.registered)}.")


def _consent(person: Attendee) -> Step:
    word = "consents" if person.matching else "does not consent"
    return Step("consent", person.matching, f"{person.id} {word} to matching.")


def _present(state: State, person: Attendee, now: int) -> Step:
    here = presence.is_here(state, person, now)
    lapse = moment(presence.lapses_at(state, person))
    if person.arrived == NEVER:
        text = f"{person.id} has not arrived."
    elif person.left >= person.arrived:
        text = f"{person.id} left the conference on {_since(person.left)}."
    elif not here:
        text = f"{person.id}'s last sign was on {moment(person.sign_at)}; the presence lapsed on {lapse}."
    else:
        arrived, place = _since(person.arrived), presence.place_of(person)
        text = f"{person.id} is here: last arrival {arrived}{f' at {place}' if place else ''}, lapses {lapse}."
    return Step("present", here, text)


# -- evidence --------------------------------------------------------------------------------------------------------


def _accounts(state: State, person: Attendee) -> Step:
    names = [state.accounts[number].text for number in person.accounts]
    if names:
        return Step("accounts", None, f"{person.id} posts as {', '.join(names)}.")
    claims = f"claims {', '.join(person.claims)}, not verified" if person.claims else "claims none"
    return Step("accounts", None, f"{person.id} has no account that counts ({claims}): there can be no evidence.")


def _conversation(state: State, a: Attendee, b: Attendee) -> Step:
    out, back = ties.sent(state, a, b), ties.sent(state, b, a)
    days = len({post.stamp // (DAY_MS << ORDER_BITS) for post in (*out, *back)})
    policy = state.policy
    enough = ties.known_by_conversation(state, a, b)
    text = (
        f"Conversation: {a.id} addressed {b.id} in {len(out)} and {b.id} {a.id} in {len(back)} posts, "
        f"on {days} UTC days. "
        f"Each way at least {policy.known_each}, and {policy.known_posts} posts on {policy.known_days} days, are "
        f"{'reached' if enough else 'needed'}."
    )
    return Step("conversation", None, text)


def _chats(state: State, a: Attendee, b: Attendee) -> Step:
    silent = [person.id for person in (a, b) if not person.chats]
    if silent:
        return Step("chats", None, f"Chats: count for nothing, {' and '.join(silent)} did not consent to chats.")
    common = ties.common_sessions(state, a, b).values()
    sizes = sorted(people(session) for session in common)
    crowd = f" (of {sizes[0]}{f' to {sizes[-1]}' if sizes[-1] > sizes[0] else ''} people)" if sizes else ""
    policy = state.policy
    text = (
        f"Chats: {len(sizes)} common session{'' if len(sizes) == 1 else 's'}{crowd} weigh "
        f"{sum(weight(session) for session in common)} thousandths. "
        f"Needed are {policy.chat_sessions} sessions and {policy.chat_weight} thousandths."
    )
    return Step("chats", None, text)


def _known(state: State, a: Attendee, b: Attendee) -> Step:
    ways = [
        way
        for way, known in (
            ("conversation", ties.known_by_conversation(state, a, b)),
            ("chat", ties.known_by_chat(state, a, b)),
        )
        if known
    ]
    if not ways:
        out, back = len(ties.sent(state, a, b)), len(ties.sent(state, b, a))
        sessions = len(ties.common_sessions(state, a, b))
        text = f"They do not know each other: {out} posts one way, {back} the other, {sessions} common sessions."
        return Step("known", False, text)
    points = ties.score(state, a, b, state.now)
    return Step("known", True, f"They know each other by {' and '.join(ways)}; the score is {points / 10_000:.4f}.")


# -- blocks, earlier matches, room -----------------------------------------------------------------------------------


def _blocked(matcher: Matcher, a: Attendee, b: Attendee) -> Step:
    has_blocked = matcher.observer.people.has_blocked
    found = [f"{one.id} blocked {other.id}" for one, other in ((a, b), (b, a)) if has_blocked(one, other)]
    text = f"{' and '.join(found)}." if found else "Neither blocked the other."
    return Step("blocked", not found, text)


def _earlier(state: State, a: Attendee, b: Attendee, now: int) -> Step:
    card = state.cards.get((a.id, b.id))
    if card is None:
        return Step("earlier", True, "They were never suggested to each other before.")
    said = "; ".join(f"{name} said {card.said[name].answer}" for name in sorted(card.said)) or "no answers"
    if not card.ended:
        return Step("earlier", bool(cards.to_remind(card, now)), f"{card.match} is open ({said}). {_open(card)}")
    if cards.may_suggest(card, now):
        return Step("earlier", True, f"{card.match} ended ({said}); a new match may come.")
    if card.again_at != NEVER:
        again = moment(card.again_at)
        return Step("earlier", False, f"{card.match} ended; a new match may come on {again}.")
    if cards.standing(card, a.id) == "met" or cards.standing(card, b.id) == "met":
        return Step("earlier", False, f"{card.match} is done ({said}): they met. They are not suggested again.")
    return Step("earlier", False, f"{card.match} ended for good ({said}). They are not suggested again.")


def _open(card: Card) -> str:
    if card.gone:
        return f"It was withdrawn to {' and '.join(card.gone)}, and the pair is not suggested again."
    if card.agreed:
        return "Both agreed."
    waiting = [
        f"to {who} on {moment(cards.remind_at(card, who))}"
        for who in card.holders()
        if cards.awaits_reminder(card, who)
    ]
    if waiting:
        return f"It is suggested once more {' and '.join(waiting)}."
    return "It is not suggested a second time."


def _room(state: State, person: Attendee, now: int) -> Step:
    policy = state.policy
    hour, day = (sum(1 for told in person.told if now - told.at < span) for span in (HOUR_MS, DAY_MS))
    frees, _ = room.frees_at(state, person)
    text = (
        f"{person.id} got {hour} of {policy.per_hour} suggestions in 60 minutes, {day} of {policy.per_day} in 24 hours"
    )
    if frees <= now:
        return Step("room", True, f"{text}: there is room.")
    until = "as long as the budget is 0" if frees >= room.FOREVER else f"until {moment(frees)}"
    return Step("room", False, f"{text}: no room {until}.")
