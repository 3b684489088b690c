"""The fast engine against the slow model: the same outputs for every record, the same ties at the end."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from tests.histories.choices import Json
from tests.histories.drawn import histories, history
from tests.histories.shortest import shortest
from tests.model import Model
from tests.model.match_ids import NO_MATCH, MatchKey
from tests.scenarios.runners import EngineSession, missing
from tests.seeds import seeds

pytestmark = pytest.mark.skipif(missing("engine") is not None, reason=str(missing("engine")))

SLOW_SEEDS = range(1_000, 1_150)
TORTURE_SEEDS = range(1_150, 3_000)


def difference(events: list[Json]) -> str | None:
    """Where the engine and the model first differ, or None."""
    model, engine = Model(), EngineSession()
    put_out: set[MatchKey] = set()
    for number, drawn in enumerate(events):
        # Nobody can answer what is suggested only as time passes up to the answer itself.
        known = drawn["type"] != "match.answered" or tuple(drawn["match"]) in put_out
        event = drawn if known else {**drawn, "match": NO_MATCH}
        expected, seen = model.apply(event), engine.apply(event)
        put_out |= {output["match"] for output in expected}
        if seen != expected:
            return f"event {number} {event['id']}\n  model:  {expected}\n  engine: {seen}"
    for everything in (False, True):
        expected, seen = model.ties(all=everything), engine.ties(everything)
        if seen != expected:
            return f"ties, {everything=}\n  model:  {expected}\n  engine: {seen}"
    return None


def check_seed(seed: int, size: int) -> None:
    events = history(seed, size)
    if difference(events) is None:
        return
    small = shortest(events, lambda fewer: difference(fewer) is not None)
    lines = "\n".join(json.dumps(event) for event in small)
    pytest.fail(f"{seed=} {size=}\n{lines}\n{difference(small)}", pytrace=False)


@pytest.mark.parametrize("seed", seeds(60, 200))
def test_the_same_outputs_and_ties_by_seed(seed: int) -> None:
    check_seed(seed, size=60)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SLOW_SEEDS)
def test_the_same_outputs_and_ties_by_many_seeds(seed: int) -> None:
    check_seed(seed, size=150)


@pytest.mark.torture
@pytest.mark.parametrize("seed", TORTURE_SEEDS)
def test_the_same_outputs_and_ties_by_thousands_of_seeds(seed: int) -> None:
    check_seed(seed, size=150)


@settings(max_examples=200)
@given(histories())
def test_the_same_outputs_and_ties(events: list[Json]) -> None:
    assert difference(events) is None, difference(events)


@pytest.mark.slow
def test_the_histories_are_rich() -> None:
    """Every kind of output often enough among the histories of the test by seed, else equality would say little."""
    seen: Counter[str] = Counter()
    rare = set(TRAITS)
    for seed in range(160):
        model, traits = Model(), Traits(seen)
        for event in history(seed, 60):
            traits.look(event, model.apply(event))
        rare = {name for name in TRAITS if seen[name] < 5}
        if not rare:
            break
    assert not rare, seen


TRAITS = ["suggested", "agreed", "located", "reminder", "reminder of both", "near", "by chat", "brought and in a chat"]
TRAITS += ["due suggested", "due withdrawn", "left", "expired", "consent_withdrawn", "erased", "declined", "blocked"]
TRAITS += ["unproved", "unproved to one", "second match", "second match after an answer", "second match after a yes"]


class Traits:
    """What is remarkable in the outputs of one history, counted in `seen`."""

    def __init__(self, seen: Counter[str]) -> None:
        self._seen = seen
        self._answered: defaultdict[MatchKey, set[str]] = defaultdict(set)
        self._reminded: Counter[MatchKey] = Counter()
        self._brought: set[str] = set()

    def look(self, event: Json, outputs: list[Json]) -> None:
        """Takes the outputs of an event in."""
        if str(event.get("source", "")).startswith("attendee:"):
            self._brought.add(event["id"])
        for output in outputs:
            kind = output["type"].removeprefix("match.")
            self._seen.update([kind, output.get("cause", kind)])
            self._seen.update([f"due {kind}"] * (output["caused_by"] != event["id"]))
            self._seen.update(["unproved to one"] * (output.get("cause") == "unproved" and len(output["to"]) == 1))
            if kind == "suggested":
                self._seen.update(self._of_suggestion(output))
        if event["type"] == "match.answered":
            self._answered[tuple(event["match"])].add(event["answer"])

    def _of_suggestion(self, output: Json) -> Iterator[str]:
        a, b, number = output["match"]
        if len(output["to"]) == 1:
            self._reminded[output["match"]] += 1
            yield "reminder of both" if self._reminded[output["match"]] == 2 else "reminder"
        elif number:
            yield "second match"
            yield from ["second match after an answer"] * bool(self._answered[a, b, 0])
            yield from ["second match after a yes"] * ("accepted" in self._answered[a, b, 0])
        yield from ["near"] * output["near"]
        chats = [reason for reason in output["reasons"] if reason["kind"] == "chat"]
        yield from ["by chat"] * (output["reasons"][0]["kind"] == "chat")
        yield from ["brought and in a chat"] * any(self._brought & set(reason["posts"]) for reason in chats)


@pytest.mark.slow
def test_the_histories_reach_the_rules_about_what_one_brings_oneself() -> None:
    """Would a connector have brought it all, other people would know each other in enough histories."""
    different = 0
    for seed in range(30):
        events, brought, other = history(seed, 60), Model(), Model()
        for event in events:
            brought.apply(event)
            other.apply({name: value for name, value in event.items() if name != "source"})
        different += brought.ties(all=True) != other.ties(all=True)
        if different == 3:
            break
    assert different == 3
