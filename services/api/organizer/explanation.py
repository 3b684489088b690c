"""Explains to an organizer why two people are suggested to each other or not, as far as an organizer may know.

Responsibility: which facts of an explanation an organizer sees, and their sentences.

Invariants:
- ``VISIBLE`` is an allowlist, fact by fact. Any other step or fact is absent: it has no sentence, and nothing reveals
  that it was left out.
- No visible fact depends on what anybody did: not on presence, conversations, consent, answers, blocks or the used part
  of a budget. Whether an id is registered is known to the organizer anyway; an erased id looks like one that never
  existed.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from streams.matching import Matcher
from streams.matching.explanation import steps
from streams.matching.explanation.explain import explain, rules
from streams.matching.explanation.steps import Step

Facts = Mapping[str, Any]

VISIBLE: Mapping[type[Step], frozenset[str]] = {
    steps.Conference: frozenset({"ok"}),
    steps.Registered: frozenset({"ok", "attendee"}),
    steps.PresenceRule: frozenset({"presence_hours"}),
    steps.ConversationRule: frozenset({"known_each", "known_posts", "known_days"}),
    steps.ChatsRule: frozenset({"hashtags", "chat_sessions", "chat_weight"}),
    steps.BudgetRule: frozenset({"per_hour", "per_day"}),
}


class WhyStep(Struct, frozen=True):
    """One condition or rule. ``ok`` null: a rule, the same for everybody."""

    name: str
    ok: bool | None
    text: str


def why(matcher: Matcher | None, a: str, b: str, now: int) -> tuple[WhyStep, ...]:
    """The conditions that depend on nobody's acts, then the rules of the conference. ``now``: ms since 1970."""
    if matcher is None:
        return shown([steps.Conference(opened=False, closed=False)])
    found = explain(matcher, a, b, max(now, matcher.state.now))
    return shown([*found, *(rules(matcher.state) if matcher.state.opened else ())])


def shown(found: Iterable[Step]) -> tuple[WhyStep, ...]:
    """The steps that an organizer may see, built from the facts that an organizer may see."""
    visible = [(step, _facts(step)) for step in found if type(step) in _SENTENCES]
    return tuple(WhyStep(step.name, facts.get("ok"), _SENTENCES[type(step)](facts)) for step, facts in visible)


def _facts(step: Step) -> Facts:
    return {name: getattr(step, name) for name in VISIBLE.get(type(step), ())}


def _conference(facts: Facts) -> str:
    return f"The conference is {'open' if facts['ok'] else 'not open: nothing is suggested'}."


def _registered(facts: Facts) -> str:
    return f"{facts['attendee']} is {'' if facts['ok'] else 'not '}registered."


def _presence(facts: Facts) -> str:
    return f"Both must be here: a check-in counts for {facts['presence_hours']} hours, until they leave."


def _conversation(facts: Facts) -> str:
    return (
        f"Known by conversation: each wrote to the other at least {facts['known_each']} times, "
        f"in all {facts['known_posts']} times, on {facts['known_days']} days."
    )


def _chats(facts: Facts) -> str:
    if not facts["hashtags"]:
        return "Known by chat: nobody, as no chats are declared."
    weight, chats = facts["chat_weight"] / 1_000, ", ".join(f"#{tag}" for tag in facts["hashtags"])
    return (
        f"Known by chat: {facts['chat_sessions']} common sessions of {chats} "
        f"with a weight of {weight:g} together; small sessions weigh more. Both must allow it."
    )


def _budget(facts: Facts) -> str:
    return f"Nobody gets more than {facts['per_hour']} suggestions in an hour and {facts['per_day']} in a day."


_SENTENCES: Mapping[type[Step], Callable[[Facts], str]] = {
    steps.Conference: _conference,
    steps.Registered: _registered,
    steps.PresenceRule: _presence,
    steps.ConversationRule: _conversation,
    steps.ChatsRule: _chats,
    steps.BudgetRule: _budget,
}
