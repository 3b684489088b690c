"""`hallway replay --diff`: which matches came, went and changed, and why."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Hallway, Json, Log, rows
from tests.scenarios.story import Story, friends, met_at_ten

ONE_EACH = {"known_each": 1, "known_posts": 2, "known_days": 1}


def _policy(folder: Path, **values: object) -> str:
    path = folder / "policy.json"
    path.write_text(json.dumps(values, indent=2))
    return str(path)


def _differences(hallway: Hallway, folder: Path, *arguments: str) -> tuple[list[Json], str]:
    out = folder / "differences.jsonl"
    done = hallway("replay", *arguments, "--output", str(out))
    assert done.code == 0, done.err
    assert done.out == b""
    return rows(out), done.err


def _quiet_pair() -> Story:
    return Story().open().people("ada", "bob").talk("x:ada", "x:bob", posts=2).at("10:00").all_arrive("ada", "bob")


def test_a_match_that_went_tells_why_not(hallway: Hallway, log: Log, tmp_path: Path) -> None:
    path, policy = log(_quiet_pair()), _policy(tmp_path, **ONE_EACH)
    [one], said = _differences(hallway, tmp_path, path, "--diff", policy)
    assert (one["change"], one["attendees"], one["conference"]) == ("went", ["ada", "bob"], "himss")
    assert one["here"] is None
    assert one["other"]["at"] == "2026-03-09T10:00:00.000Z"
    assert one["why"] == ["They do not know each other: 1 posts one way, 1 the other, 0 common sessions."]
    assert "0 came, 1 went, 0 changed" in said
    assert "here: They do not know each other" in said


def test_a_match_that_came_tells_its_reasons_and_why_the_other_has_it_not(
    hallway: Hallway, log: Log, tmp_path: Path
) -> None:
    path, policy = log(met_at_ten("ada", "bob")), _policy(tmp_path, known_posts=5)
    [one], said = _differences(hallway, tmp_path, path, "--diff", policy)
    assert (one["change"], one["other"]) == ("came", None)
    assert one["here"]["reasons"][0]["count"] == 4
    assert "do not know each other" in one["why"][0]
    assert "here: 4 posts" in said
    assert "the other: They do not know each other" in said
    assert said.count("digest") == 2


def test_a_changed_match_tells_what_changed(hallway: Hallway, log: Log, tmp_path: Path) -> None:
    story = Story().open().people("ada", "bob").talk("x:ada", "x:bob", at="-100d 08:00")
    path = log(story.at("10:00").all_arrive("ada", "bob", place="hall-a").at("10:30").tick())
    policy = _policy(tmp_path, half_life_days=30)
    [one], _ = _differences(hallway, tmp_path, path, "--diff", policy)
    assert one["change"] == "changed"
    assert one["here"]["score"] > one["other"]["score"]
    assert one["changes"] == [f"score {one['other']['score']:.4f} -> {one['here']['score']:.4f}"]


def test_a_later_match_tells_what_kept_it_back(hallway: Hallway, log: Log, tmp_path: Path) -> None:
    story = met_at_ten("ada", "bob", "cyd").at("11:30").tick()
    found, _ = _differences(hallway, tmp_path, log(story), "--diff", _policy(tmp_path, per_hour=1))
    [one] = [one for one in found if one["attendees"] == ["ada", "cyd"]]
    assert one["change"] == "changed"
    assert one["here"]["at"] < one["other"]["at"]
    assert any("1 of 1 suggestions in 60 minutes" in text for text in one["why"])


def test_nothing_differs(hallway: Hallway, log: Log, tmp_path: Path) -> None:
    path = log(met_at_ten("ada", "bob"))
    found, said = _differences(hallway, tmp_path, path, "--diff", _policy(tmp_path, presence_hours=12))
    assert found == []
    assert "No difference" in said


def test_against_the_outputs_of_another_run(hallway: Hallway, log: Log, tmp_path: Path) -> None:
    path, outputs = log(met_at_ten("ada", "bob")), tmp_path / "outputs.jsonl"
    strict = _policy(tmp_path, known_posts=5)
    hallway("replay", path, "--output", outputs)
    found, _ = _differences(hallway, tmp_path, path, "--diff", str(outputs))
    assert found == []
    [went], _ = _differences(hallway, tmp_path, path, "--policy", strict, "--diff", str(outputs))
    assert went["change"] == "went"
    assert "do not know each other" in went["why"][0]
    hallway("replay", path, "--policy", strict, "--output", outputs)
    [came], _ = _differences(hallway, tmp_path, path, "--diff", str(outputs))
    assert outputs.read_bytes() == b""
    assert (came["change"], came["here"]["reasons"][0]["count"]) == ("came", 4)


def test_why_not_is_asked_at_the_very_record(hallway: Hallway, log: Log, tmp_path: Path) -> None:
    """At the end everybody has left; at the record of the other's suggestion it was the budget."""
    path, outputs = log(met_at_ten("ada", "bob").at("12:00").leave("ada").leave("bob")), tmp_path / "outputs.jsonl"
    hallway("replay", path, "--output", outputs)
    empty = _policy(tmp_path, per_hour=0)
    [one], _ = _differences(hallway, tmp_path, path, "--policy", empty, "--diff", str(outputs))
    assert one["change"] == "went"
    assert all("as long as the budget is 0" in text for text in one["why"])


def test_outputs_of_another_input_say_so(hallway: Hallway, log: Log, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs.jsonl"
    hallway("replay", log(met_at_ten("ada", "bob")), "--output", outputs)
    [one], _ = _differences(hallway, tmp_path, log(friends("cyd", "dan"), "other"), "--diff", str(outputs))
    assert one["why"]


@pytest.mark.parametrize("text", ['{"type":"match.agreed"}\n', "nonsense\n", '{"per_hours":1}', "[1]\n"])
def test_what_is_neither_is_refused(hallway: Hallway, log: Log, tmp_path: Path, text: str) -> None:
    other = tmp_path / "other"
    other.write_text(text)
    done = hallway("replay", log(met_at_ten("ada", "bob")), "--diff", str(other))
    assert done.code == 2
    assert str(other) in done.err
    assert "Traceback" not in done.err


def test_differences_may_go_to_standard_output(hallway: Hallway, log: Log, tmp_path: Path) -> None:
    done = hallway("replay", log(_quiet_pair()), "--diff", _policy(tmp_path, **ONE_EACH), "--output", "-")
    assert [one["change"] for one in done.rows] == ["went"]
