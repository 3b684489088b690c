"""The steps of an explanation as sentences, for a tester.

Invariants: every kind of step has a sentence; the type checker rejects a new kind without one.
"""

from typing import assert_never

from schemas.times import format_time
from streams.matching.explanation import steps


def in_utc(ms: int) -> str:
    """A time for people, in UTC."""
    return f"{format_time(ms)[:16].replace('T', ' ')} UTC"


def to_sentence(step: steps.PairStep) -> str:
    """One step with all of its facts."""
    match step:
        case steps.Conference():
            return _conference(step)
        case steps.Registered():
            return _registered(step)
        case steps.Consent():
            return f"{step.attendee} {'consents' if step.matching else 'does not consent'} to matching."
        case steps.Present():
            return _present(step)
        case steps.Accounts():
            return _accounts(step)
        case steps.Conversation():
            return _conversation(step)
        case steps.Chats():
            return _chats(step)
        case steps.Known():
            return _known(step)
        case steps.Blocked():
            blocks = " and ".join(f"{one} blocked {other}" for one, other in step.blocks)
            return f"{blocks}." if blocks else "Neither blocked the other."
        case steps.Earlier():
            return _earlier(step)
        case steps.Budget():
            return _budget(step)
    assert_never(step)


def _conference(step: steps.Conference) -> str:
    if step.closed:
        return "The conference is closed: nothing is put out any more."
    return "The conference is open." if step.opened else "The conference has not been opened yet."


def _registered(step: steps.Registered) -> str:
    if step.erased:
        return f"{step.attendee} was erased, for ever."
    if step.at is None:
        return f"{step.attendee} is not registered."
    return f"{step.attendee} is registered, last on {in_utc(step.at)}."


def _present(step: steps.Present) -> str:
    lapses = in_utc(step.lapses)
    if step.arrived is None:
        return f"{step.attendee} has not arrived."
    if step.left is not None:
        return f"{step.attendee} left the conference on {in_utc(step.left)}."
    if not step.here:
        return f"{step.attendee}'s last sign was on {in_utc(step.sign)}; the presence lapsed on {lapses}."
    place = f" at {step.place}" if step.place else ""
    return f"{step.attendee} is here: last arrival {in_utc(step.arrived)}{place}, lapses {lapses}."


def _accounts(step: steps.Accounts) -> str:
    if step.accounts:
        return f"{step.attendee} posts as {', '.join(step.accounts)}."
    claims = f"claims {', '.join(step.claims)}, not verified" if step.claims else "claims none"
    return f"{step.attendee} has no account that counts ({claims}): there can be no evidence."


def _conversation(step: steps.Conversation) -> str:
    return (
        f"Conversation: {step.a} addressed {step.b} in {step.a_to_b} and {step.b} {step.a} in {step.b_to_a} posts, "
        f"on {step.days} UTC days. "
        f"Each way at least {step.known_each}, and {step.known_posts} posts on {step.known_days} days, are "
        f"{'reached' if step.enough else 'needed'}."
    )


def _chats(step: steps.Chats) -> str:
    if step.silent:
        return f"Chats: count for nothing, {' and '.join(step.silent)} did not consent to chats."
    sizes = step.sizes
    crowd = f" (of {sizes[0]}{f' to {sizes[-1]}' if sizes[-1] > sizes[0] else ''} people)" if sizes else ""
    return (
        f"Chats: {len(sizes)} common session{'' if len(sizes) == 1 else 's'}{crowd} weigh {step.weight} thousandths. "
        f"Needed are {step.chat_sessions} sessions and {step.chat_weight} thousandths."
    )


def _known(step: steps.Known) -> str:
    if step.ways:
        return f"They know each other by {' and '.join(step.ways)}; the score is {step.points / 10_000:.4f}."
    return (
        f"They do not know each other: {step.a_to_b} posts one way, {step.b_to_a} the other, "
        f"{step.sessions} common sessions."
    )


def _earlier(step: steps.Earlier) -> str:
    said = "; ".join(f"{name} said {answer}" for name, answer in step.said) or "no answers"
    again = "" if step.again is None else in_utc(step.again)
    match step.state:
        case "none":
            return "They were never suggested to each other before."
        case "open":
            return f"{step.match} is open ({said}). {_open(step)}"
        case "free":
            return f"{step.match} ended ({said}); a new match may come."
        case "waits":
            return f"{step.match} ended; a new match may come on {again}."
        case "met":
            return f"{step.match} is done ({said}): they met. They are not suggested again."
        case "over":
            return f"{step.match} ended for good ({said}). They are not suggested again."
    assert_never(step.state)


def _open(step: steps.Earlier) -> str:
    if step.gone:
        return f"It was withdrawn to {' and '.join(step.gone)}, and the pair is not suggested again."
    if step.agreed:
        return "Both agreed."
    if step.reminders:
        return f"It is suggested once more {' and '.join(f'to {who} on {in_utc(at)}' for who, at in step.reminders)}."
    return "It is not suggested a second time."


def _budget(step: steps.Budget) -> str:
    got = (
        f"{step.attendee} got {step.in_hour} of {step.per_hour} suggestions in 60 minutes, "
        f"{step.in_day} of {step.per_day} in 24 hours"
    )
    if step.is_within_budget:
        return f"{got}: there is room."
    return f"{got}: no room {'as long as the budget is 0' if step.frees is None else f'until {in_utc(step.frees)}'}."
