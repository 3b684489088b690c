"""Two runs over the same input, match by match: which came, which went, which changed.

Owns: what counts as a difference, and its order. May never: fold, read files, or decide which run is right.
Theory: a match's id is derived from conference, pair and the number of earlier withdrawals, so the same match has the
same id in every run; what is compared is when and how it was suggested and what followed. Only that is kept.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from schemas.events import PlainId, Time
from schemas.outputs import AnyOutput, MatchAgreed, MatchLocated, MatchSuggested, MatchWithdrawn, Reason

Change = Literal["came", "went", "changed"]


class Followed(Struct, frozen=True, omit_defaults=True):
    """What followed a match's first suggestion."""

    what: str
    at: Time
    to: tuple[PlainId, ...]
    cause: str | None = None


class Seen(Struct, frozen=True):
    """One match as one run had it."""

    at: Time
    score: float
    near: bool
    to: tuple[PlainId, ...]
    position: str
    reasons: tuple[Reason, ...]
    then: tuple[Followed, ...] = ()


class Difference(Struct, frozen=True, kw_only=True):
    """A match that the two runs do not have alike. ``why``: what kept the other run from one that only one has."""

    change: Change
    conference: PlainId
    match: str
    attendees: tuple[PlainId, PlainId]
    here: Seen | None
    other: Seen | None
    changes: tuple[str, ...]
    why: tuple[str, ...]


Key = tuple[str, str]


class Run:
    """The matches of one run."""

    def __init__(self) -> None:
        self.seen: dict[Key, Seen] = {}
        self.pairs: dict[Key, tuple[str, str]] = {}
        self._then: dict[Key, list[Followed]] = {}

    def take(self, output: AnyOutput) -> None:
        """Takes an output in, in the run's order."""
        key = (output.conference, output.match)
        if not isinstance(output, MatchLocated):
            self.pairs.setdefault(key, output.attendees)
        if isinstance(output, MatchSuggested) and key not in self.seen:
            self.seen[key] = Seen(output.at, output.score, output.near, output.to, output.position, output.reasons)
        else:
            self._then.setdefault(key, []).append(_followed(output))

    def match(self, key: Key) -> Seen | None:
        """A match with what followed it; None where it was not suggested."""
        first = self.seen.get(key)
        if first is None:
            return None
        return Seen(
            first.at,
            first.score,
            first.near,
            first.to,
            first.position,
            first.reasons,
            tuple(self._then.get(key, ())),
        )


def _followed(output: AnyOutput) -> Followed:
    match output:
        case MatchSuggested():
            return Followed("suggested again", output.at, output.to)
        case MatchAgreed():
            return Followed("agreed", output.at, output.to)
        case MatchLocated():
            return Followed("located", output.at, output.to)
        case MatchWithdrawn():
            return Followed("withdrawn", output.at, output.to, output.cause)


class Comparison:
    """This run (``here``) against another. ``why`` collects what was found out while folding, by match."""

    def __init__(self) -> None:
        self.here = Run()
        self.other = Run()
        self.why: dict[Key, tuple[str, ...]] = {}

    def differences(self) -> list[Difference]:
        """By conference, then the first suggestion's time, then match."""
        found = [self._difference(key) for key in {**self.here.seen, **self.other.seen}]
        return sorted((one for one in found if one is not None), key=_order)

    def _difference(self, key: Key) -> Difference | None:
        here, other = self.here.match(key), self.other.match(key)
        changes: tuple[str, ...] = ()
        change: Change = "came" if other is None else "went"
        if here is not None and other is not None:
            change, changes = "changed", tuple(_changes(here, other))
            if not changes:
                return None
        pair = self.here.pairs.get(key) or self.other.pairs[key]
        # What kept one run back for a while explains a match that both have only if it came at another time.
        told = change != "changed" or (here is not None and other is not None and here.at != other.at)
        return Difference(
            change=change,
            conference=key[0],
            match=key[1],
            attendees=pair,
            here=here,
            other=other,
            changes=changes,
            why=self.why.get(key, ()) if told else (),
        )


def _order(one: Difference) -> tuple[str, str, str]:
    seen = one.here or one.other
    assert seen is not None
    return one.conference, seen.at, one.match


def _changes(here: Seen, other: Seen) -> Iterable[str]:
    if here.score != other.score:
        yield f"score {other.score:.4f} -> {here.score:.4f}"
    if here.at != other.at:
        yield f"suggested at {other.at} -> {here.at}"
    if here.to != other.to:
        yield f"to {', '.join(other.to)} -> {', '.join(here.to)}"
    if here.near != other.near:
        yield "near here only" if here.near else "near in the other only"
    if here.reasons != other.reasons:
        yield f"reasons: {in_words(other.reasons)} -> {in_words(here.reasons)}"
    if here.then != other.then:
        same = 0
        while here.then[same : same + 1] == other.then[same : same + 1] != ():
            same += 1
        yield f"then: {_told(other.then[same:])} -> {_told(here.then[same:])}"


def in_words(reasons: Iterable[Reason]) -> str:
    """Reasons in a few words."""
    words = [
        f"{_counted(one.count, 'post')}{f' in #{one.hashtag}' if one.hashtag else ''}"
        if one.kind == "conversation"
        else f"{_counted(one.count, 'chat')} of #{one.hashtag}"
        for one in reasons
    ]
    return ", ".join(words) or "none"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _told(then: Iterable[Followed]) -> str:
    words = [f"{one.what}{f' ({one.cause})' if one.cause else ''} {one.at[5:16].replace('T', ' ')}" for one in then]
    return ", ".join(words) or "nothing"
