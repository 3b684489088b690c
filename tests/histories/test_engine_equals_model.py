"""The fast engine against the slow model: the same outputs for every record, the same ties at the end."""

import json

import pytest
from hypothesis import HealthCheck, given, settings

from tests.histories.drawn import histories, history
from tests.histories.shortest import shortest
from tests.histories.steps import Json
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
    check_seed(seed, size=80)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SLOW_SEEDS)
def test_the_same_outputs_and_ties_by_many_seeds(seed: int) -> None:
    check_seed(seed, size=150)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_the_same_outputs_and_ties(events: list[Json]) -> None:
    assert difference(events) is None, difference(events)


def test_the_histories_are_rich() -> None:
    """Every kind of output in plenty, else equality would say little."""
    seen: dict[str, int] = {}
    for seed in range(60):
        model = Model()
        for event in history(seed, 80):
            for output in model.apply(event):
                name = output["type"] + (f" {output['cause']}" if "cause" in output else "")
                seen[name] = seen.get(name, 0) + 1
    assert min(seen.get(f"match.{kind}", 0) for kind in ("suggested", "agreed", "located")) > 10, seen
    causes = ("left", "expired", "consent_withdrawn", "erased", "declined", "blocked")
    assert min(seen.get(f"match.withdrawn {cause}", 0) for cause in causes) > 10, seen
