"""The fast engine against the slow model: the same outputs for every record, the same ties at the end."""

import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from tests.histories.choices import Json
from tests.histories.drawn import histories, history
from tests.histories.shortest import shortest
from tests.model import Model
from tests.model.match_ids import NO_MATCH, MatchKey
from tests.scenarios.runners import EngineSession, missing

pytestmark = pytest.mark.skipif(missing("engine") is not None, reason=str(missing("engine")))

SEEDS = range(200)
SLOW_SEEDS = range(1_000, 3_000)


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


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_outputs_and_ties_by_seed(seed: int) -> None:
    check_seed(seed, size=60)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SLOW_SEEDS)
def test_the_same_outputs_and_ties_by_many_seeds(seed: int) -> None:
    check_seed(seed, size=150)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_the_same_outputs_and_ties(events: list[Json]) -> None:
    assert difference(events) is None, difference(events)


def test_the_histories_are_rich() -> None:
    """Every kind of output often enough, else equality would say little."""
    seen: Counter[str] = Counter()
    for seed in range(120):
        model = Model()
        told_before: set[MatchKey] = set()
        for event in history(seed, 60):
            for output in model.apply(event):
                seen.update(_traits(output, event, told_before))
                told_before.add(output["match"])
    rare = {name: seen[name] for name in TRAITS if seen[name] < 5}
    assert not rare, seen


TRAITS = ["suggested", "agreed", "located", "later", "near", "by chat", "second match"]
TRAITS += ["due suggested", "due withdrawn", "left", "expired", "consent_withdrawn", "erased", "declined", "blocked"]


def _traits(output: Json, event: Json, told_before: set[MatchKey]) -> list[str]:
    kind = output["type"].removeprefix("match.")
    traits = [kind, output.get("cause", kind)]
    traits += [f"due {kind}"] if output["caused_by"] != event["id"] else []
    if kind == "suggested":
        traits += ["near"] if output["near"] else []
        traits += ["later"] if output["match"] in told_before else []
        traits += ["second match"] if output["match"][2] else []
        traits += ["by chat"] if output["reasons"][0]["kind"] == "chat" else []
    return traits
