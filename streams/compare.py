"""Compares two runs over the same input, match by match: which appeared, which disappeared, which changed.

Responsibility: what counts as a difference, and the order of differences; not which run is right.
Why: a match's id is derived from conference, pair and the number of earlier withdrawals, so the same match has the same
id in every run. Only when and how it was suggested, and what followed, is stored and compared.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from schemas.events import PlainId, Time
from schemas.outputs import AnyOutput, MatchAgreed, MatchLocated, MatchSuggested, MatchWithdrawn, Reason

Change = Literal["came", "went", "changed"]


class FollowUp(Struct, frozen=True, omit_defaults=True):
    """An output that followed a match's first suggestion."""

    what: str
    at: Time
    to: tuple[PlainId, ...]
    cause: str | None = None


class RunMatch(Struct, frozen=True):
    """A match as one run has it."""

    at: Time
    score: float
    near: bool
    to: tuple[PlainId, ...]
    position: str
    reasons: tuple[Reason, ...]
    then: tuple[FollowUp, ...] = ()


class Difference(Struct, frozen=True, kw_only=True):
    """A match that differs between the runs. ``why``: why the run that lacks it did not suggest it."""

    change: Change
    conference: PlainId
    match: str
    attendees: tuple[PlainId, PlainId]
    here: RunMatch | None
    other: RunMatch | None
    changes: tuple[str, ...]
    why: tuple[str, ...]


Key = tuple[str, str]


class Run:
    """The matches of one run."""

    def __init__(self) -> None:
        self.seen: dict[Key, RunMatch] = {}
        self.pairs: dict[Key, tuple[str, str]] = {}
        self._then: dict[Key, list[FollowUp]] = {}

    def add(self, output: AnyOutput) -> None:
        """Adds an output; call in the run's order."""
        key = (output.conference, output.match)
        if not isinstance(output, MatchLocated):
            self.pairs.setdefault(key, output.attendees)
        if isinstance(output, MatchSuggested) and key not in self.seen:
            self.seen[key] = RunMatch(output.at, output.score, output.near, output.to, output.position, output.reasons)
        else:
            self._then.setdefault(key, []).append(_follow_up(output))

    def match(self, key: Key) -> RunMatch | None:
        """A match with what followed it; None if it was not suggested."""
        first = self.seen.get(key)
        if first is None:
            return None
        return RunMatch(
            first.at,
            first.score,
            first.near,
            first.to,
            first.position,
            first.reasons,
            tuple(self._then.get(key, ())),
        )


def _follow_up(output: AnyOutput) -> FollowUp:
    match output:
        case MatchSuggested():
            return FollowUp("suggested again", output.at, output.to)
        case MatchAgreed():
            return FollowUp("agreed", output.at, output.to)
        case MatchLocated():
            return FollowUp("located", output.at, output.to)
        case MatchWithdrawn():
            return FollowUp("withdrawn", output.at, output.to, output.cause)


class Comparison:
    """This run (``here``) against another. ``why``: reasons found while folding, by match."""

    def __init__(self) -> None:
        self.here = Run()
        self.other = Run()
        self.why: dict[Key, tuple[str, ...]] = {}

    def differences(self) -> list[Difference]:
        """The differences by conference, then by the time of the first suggestion, then by match."""
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
        # For a match that both runs have, ``why`` explains only a different time of its suggestion.
        is_explained = change != "changed" or (here is not None and other is not None and here.at != other.at)
        return Difference(
            change=change,
            conference=key[0],
            match=key[1],
            attendees=pair,
            here=here,
            other=other,
            changes=changes,
            why=self.why.get(key, ()) if is_explained else (),
        )


def _order(one: Difference) -> tuple[str, str, str]:
    seen = one.here or one.other
    assert seen is not None
    return one.conference, seen.at, one.match


def _changes(here: RunMatch, other: RunMatch) -> Iterable[str]:
    if here.score != other.score:
        yield f"score {other.score:.4f} -> {here.score:.4f}"
    if here.at != other.at:
        yield f"suggested at {other.at} -> {here.at}"
    if here.to != other.to:
        yield f"to {', '.join(other.to)} -> {', '.join(here.to)}"
    if here.near != other.near:
        yield "near here only" if here.near else "near in the other only"
    if here.reasons != other.reasons:
        yield f"reasons: {describe_reasons(other.reasons)} -> {describe_reasons(here.reasons)}"
    if here.then != other.then:
        same = 0
        while here.then[same : same + 1] == other.then[same : same + 1] != ():
            same += 1
        yield f"then: {_describe_follow_ups(other.then[same:])} -> {_describe_follow_ups(here.then[same:])}"


def describe_reasons(reasons: Iterable[Reason]) -> str:
    """Reasons as a short text."""
    words = [
        f"{_plural(one.count, 'post')}{f' in #{one.hashtag}' if one.hashtag else ''}"
        if one.kind == "conversation"
        else f"{_plural(one.count, 'chat')} of #{one.hashtag}"
        for one in reasons
    ]
    return ", ".join(words) or "none"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _describe_follow_ups(then: Iterable[FollowUp]) -> str:
    words = [f"{one.what}{f' ({one.cause})' if one.cause else ''} {one.at[5:16].replace('T', ' ')}" for one in then]
    return ", ".join(words) or "nothing"
