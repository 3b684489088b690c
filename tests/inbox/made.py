"""Outputs for the inboxes' tests: one by one, and whole histories from a seed.

Invariants: only what the matcher promises holds: positions rise, a match has two people.
"""

import random
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from schemas.outputs import AnyOutput, Cause, MatchAgreed, MatchLocated, MatchSuggested, MatchWithdrawn, Reason

CONFERENCE = "himss"
AT = "2026-03-09T10:00:00.000Z"
CAUSES: tuple[Cause, ...] = ("left", "expired", "consent_withdrawn", "erased", "declined", "blocked")
TALK = Reason(kind="conversation", hashtag="hitsm", count=7, last_at=AT, posts=("x:1", "x:2"))

Pair = tuple[str, str]


def _common(position: str, match: str) -> dict[str, Any]:
    return {
        "id": f"o-{position}",
        "at": AT,
        "conference": CONFERENCE,
        "match": match,
        "caused_by": f"cause-{position}",
        "position": position,
    }


def suggested(
    position: str, pair: Pair, match: str = "m1", to: Sequence[str] | None = None, near: bool = False
) -> MatchSuggested:
    """Both get it, or ``to``."""
    return MatchSuggested(
        **_common(position, match),
        to=tuple(pair if to is None else to),
        attendees=pair,
        score=0.5,
        reasons=(TALK,),
        near=near,
    )


def agreed(position: str, pair: Pair, match: str = "m1", places: dict[str, str | None] | None = None) -> MatchAgreed:
    """Both said yes."""
    return MatchAgreed(
        **_common(position, match),
        to=pair,
        attendees=pair,
        places=places or {pair[0]: "hall-a", pair[1]: None},
    )


def located(position: str, who: str, to: str, match: str = "m1", place: str = "hall-b") -> MatchLocated:
    """One says where they are."""
    return MatchLocated(
        **_common(position, match),
        to=(to,),
        attendee=who,
        place=place,
    )


def withdrawn(
    position: str, pair: Pair, match: str = "m1", cause: Cause = "left", to: Sequence[str] | None = None
) -> MatchWithdrawn:
    """Over, for both or ``to``."""
    return MatchWithdrawn(
        **_common(position, match),
        to=tuple(pair if to is None else to),
        attendees=pair,
        cause=cause,
    )


def people(number: int) -> list[str]:
    """Attendees; no id is a part of another one or of anything else."""
    return [f"person-{n:04}-x" for n in range(number)]


def history(seed: int, number: int = 6, outputs: int = 120) -> list[AnyOutput]:
    """Outputs of a conference: matches come, are agreed, told places of, and end; the same for the same seed."""
    chance, who, record = random.Random(seed), people(number), 3
    made: list[AnyOutput] = []
    open_matches: dict[str, tuple[Pair, bool]] = {}
    ended: dict[Pair, int] = {}
    while len(made) < outputs:
        record += chance.choice((1, 1, 2, 7))
        number_of = chance.choice((1, 1, 1, 2, 3))
        made += [_next(chance, f"{record}-{index}", who, open_matches, ended) for index in range(number_of)]
    return made[:outputs]


def _next(
    chance: random.Random,
    position: str,
    who: list[str],
    open_matches: dict[str, tuple[Pair, bool]],
    ended: dict[Pair, int],
) -> AnyOutput:
    kind = chance.choice(("suggested", "suggested", "agreed", "located", "withdrawn"))
    if kind == "suggested" or not open_matches:
        one, two = sorted(chance.sample(who, 2))
        match = f"m-{who.index(one)}-{who.index(two)}-{ended.get((one, two), 0)}"
        again = match in open_matches
        open_matches.setdefault(match, ((one, two), False))
        return suggested(position, (one, two), match, to=(one,) if again else None, near=chance.random() < 0.5)
    match = chance.choice(sorted(open_matches))
    pair, is_agreed = open_matches[match]
    if kind == "withdrawn":
        del open_matches[match]
        ended[pair] = ended.get(pair, 0) + 1
        return withdrawn(position, pair, match, chance.choice(CAUSES))
    if not is_agreed:
        open_matches[match] = (pair, True)
        return agreed(position, pair, match)
    one, two = pair if chance.random() < 0.5 else pair[::-1]
    return located(position, one, two, match, chance.choice(("hall-a", "hall-b", "cafe")))


def flood(people: int, per_pair: int = 1) -> list[AnyOutput]:
    """Everybody is suggested to everybody."""
    pairs = [pair for _ in range(per_pair) for pair in combinations([f"p{number:04}" for number in range(people)], 2)]
    return [suggested(f"{number}-0", pair, match=f"m{number}") for number, pair in enumerate(pairs, 1)]
