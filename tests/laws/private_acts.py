"""Two versions of one history side by side: what Ada sees in each, for as long as they must look the same to her.

Responsibility: folding both, which parts of an output an attendee sees, and how long the law holds. It knows no rule of
the engine.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from schemas.codec import Codec, Record
from schemas.outputs import AnyOutput, MatchAgreed, MatchSuggested, MatchWithdrawn
from streams.matching import Matcher
from tests.laws.private_histories import Case
from tests.scenarios.story import CONFERENCE

Json = dict[str, Any]


@dataclass
class Seen:
    """What was looked at in all cases: how often which act stood in the place of which, and what Ada got beside it."""

    replaced: Counter[str] = field(default_factory=Counter)
    compared: Counter[str] = field(default_factory=Counter)


class Version:
    """One of the two versions of a case, folded; `outputs` are those to Ada."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._matcher = Matcher(CONFERENCE)
        self.outputs: list[AnyOutput] = []
        self.is_private = False  # the match is there, not agreed, and Ada has it
        self.agreed_at: str | None = None

    def apply(self, record: Record | None) -> None:
        for output in self._matcher.apply(record.event, record.at, record.recorded) if record else ():
            if self._case.ada in output.to:
                self.outputs.append(output)
            if output.match == self._case.match:
                self._follow(output)

    def _follow(self, output: AnyOutput) -> None:
        if isinstance(output, MatchSuggested):
            self.is_private = True
        elif isinstance(output, MatchAgreed):
            self.agreed_at, self.is_private = output.at, False
        elif isinstance(output, MatchWithdrawn) and self._case.ada in output.to:
            self.is_private = False

    def seen_by_ada(self, until: str | None) -> list[Json]:
        """What she sees of it until the match is agreed in either version, or withdrawn to her."""
        view: list[Json] = []
        for output in self.outputs:
            if until is not None and output.at >= until:
                break
            view.append(_shown(output))
            if isinstance(output, MatchWithdrawn) and output.match == self._case.match:
                break
        return view


HIDDEN = ("position", "caused_by", "cause", "to")


def _shown(output: AnyOutput) -> Json:
    """What no attendee sees is left out; of `to`, the other's name."""
    shown = {name: getattr(output, name) for name in output.__struct_fields__ if name not in HIDDEN}
    return {"type": type(output).__name__, **shown}


def difference(case: Case, seen: Seen | None = None) -> str | None:
    """Where Ada could tell the two versions apart, or None."""
    codec, one, other = Codec(), Version(case), Version(case)
    names: Counter[str] = Counter()
    for item in case.items:
        first, second = item.get("said", (item, item))
        if not one.is_private:
            second = first
        elif first != second:
            names[f"{_name(first)} > {_name(second)}"] += 1
        record = _decoded(codec, first)
        one.apply(record)
        other.apply(record if first is second else _decoded(codec, second))
    until = min((v.agreed_at for v in (one, other) if v.agreed_at is not None), default=None)
    views = [version.seen_by_ada(until) for version in (one, other)]
    if seen is not None and names:
        seen.replaced.update(names)
        kinds = [shown["type"] for shown in views[0] if shown["match"] == case.match]
        seen.compared.update({"matches": 1, "reminders": kinds.count("MatchSuggested") - 1})
        seen.compared["withdrawals"] += kinds.count("MatchWithdrawn")
    return None if views[0] == views[1] else f"  one:   {views[0]}\n  other: {views[1]}"


def _decoded(codec: Codec, event: Json | None) -> Record | None:
    if event is None:
        return None
    record = codec.decode(json.dumps(event).encode())
    assert isinstance(record, Record), record
    return record


def _name(event: Json | None) -> str:
    """What was said, in a word."""
    if event is None:
        return "nothing"
    by = "account" if ":" in event.get("blocked", "") else "id"
    return str(event["answer"]) if "answer" in event else f"{event['type'].removeprefix('attendee.')} by {by}"
