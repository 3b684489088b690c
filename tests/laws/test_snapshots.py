"""Snapshot + tail = full fold, at every split; damaged, older and newer snapshots are recognized."""

import pytest

from schemas.outputs import MatchSuggested
from streams.matching import Matcher
from streams.matching.snapshot import VERSION, SnapshotError, restore, snapshot
from tests.laws.logs import applied, folded, records_in
from tests.scenarios.story import CONFERENCE, friends
from tests.seeds import seeds


@pytest.mark.parametrize("seed", seeds(10, 60))
def test_snapshot_and_tail_is_the_full_fold_at_every_split(seed: int) -> None:
    fold = folded(seed, 50)
    running = Matcher(CONFERENCE)
    whole = Matcher(CONFERENCE)
    applied(whole, fold.records)
    for split in range(len(fold.records) + 1):
        again = restore(snapshot(running))
        assert applied(again, fold.records[split:]) == fold.outputs[split:], f"{seed=} {split=}"
        assert snapshot(again) == snapshot(whole), f"{seed=} {split=}"
        if split < len(fold.records):
            applied(running, fold.records[split : split + 1])


def test_a_budget_timer_that_a_larger_budget_made_needless_holds_nobody_back() -> None:
    story = friends("ada", "bob", per_hour=1).people("cyd", "dan").talk("x:ada", "x:cyd").talk("x:ada", "x:dan")
    story.at("10:00").all_arrive("bob", "cyd", "ada").at("10:30").open(per_hour=3).at("10:40").arrive("dan")
    records = records_in(story)
    running = Matcher(CONFERENCE)
    applied(running, records[:-1])
    (suggested,) = applied(restore(snapshot(running)), records[-1:])[0]
    assert isinstance(suggested, MatchSuggested)
    assert suggested.attendees == ("ada", "dan")


def test_a_snapshot_is_the_same_bytes_again() -> None:
    matcher = Matcher(CONFERENCE)
    applied(matcher, folded(3, 120).records)
    assert snapshot(restore(snapshot(matcher))) == snapshot(matcher)


@pytest.mark.parametrize("at", [0, 10, 40, -1])
def test_a_damaged_snapshot_is_refused(at: int) -> None:
    data = bytearray(snapshot(Matcher(CONFERENCE)))
    data[at] ^= 1
    with pytest.raises(SnapshotError):
        restore(bytes(data))


def test_a_cut_snapshot_is_refused() -> None:
    data = snapshot(Matcher(CONFERENCE))
    for length in (0, 5, 20, len(data) - 1):
        with pytest.raises(SnapshotError):
            restore(data[:length])


def test_an_older_version_is_migrated_and_a_newer_one_refused() -> None:
    matcher = Matcher(CONFERENCE)
    applied(matcher, folded(5, 60).records)
    data = snapshot(matcher)
    head = len(b"hallway-snapshot")
    older = data[:head] + (VERSION - 1).to_bytes(2, "big") + data[head + 2 :]
    seen = []

    def step(body: dict[str, object]) -> dict[str, object]:
        seen.append(body["conference"])
        return body

    assert snapshot(restore(older, migrations={VERSION - 1: step})) == data
    assert seen == [CONFERENCE]
    with pytest.raises(SnapshotError, match="cannot be read"):
        restore(older, migrations={})
    newer = data[:head] + (VERSION + 1).to_bytes(2, "big") + data[head + 2 :]
    with pytest.raises(SnapshotError, match="this engine knows"):
        restore(newer)
