"""Recorded outputs are facts: a recovery never decides them again, not even under another policy."""

import pytest

from schemas.outputs import MatchSuggested
from streams.matching import Matcher
from tests.laws.logs import Fold, applied, folded
from tests.scenarios.story import CONFERENCE
from tests.seeds import seeds

OTHER_POLICIES = [
    {"per_hour": 1, "per_day": 1},
    {"known_posts": 50, "known_days": 50, "chat_sessions": 50},
    {"known_posts": 1, "chat_sessions": 1, "chat_weight": 0, "per_hour": 50, "per_day": 50},
    {"presence_hours": 1},
    {"accounts": "claimed"},
]


def recovered(fold: Fold, split: int, policy: dict[str, object] | None = None) -> Matcher:
    """A matcher that was told what the first records' outputs were."""
    matcher = Matcher(CONFERENCE, policy)
    for record, outputs in zip(fold.records[:split], fold.outputs[:split], strict=True):
        matcher.recover(record.event, record.at, record.recorded, outputs)
    matcher.resume()
    return matcher


@pytest.mark.parametrize("seed", seeds(10, 60))
def test_a_recovery_at_any_split_goes_on_as_if_nothing_had_happened(seed: int) -> None:
    fold = folded(seed, 50)
    for split in range(len(fold.records) + 1):
        assert applied(recovered(fold, split), fold.records[split:]) == fold.outputs[split:], f"{seed=} {split=}"


@pytest.mark.parametrize("policy", OTHER_POLICIES, ids=lambda policy: next(iter(policy)))
@pytest.mark.parametrize("seed", seeds(4, 30))
def test_what_was_emitted_stays_emitted_under_another_policy(seed: int, policy: dict[str, object]) -> None:
    fold = folded(seed, 60)
    for split in range(0, len(fold.records) + 1, 5):
        matcher = recovered(fold, split, policy)
        before = [output for outputs in fold.outputs[:split] for output in outputs]
        after = [output for outputs in applied(matcher, fold.records[split:]) for output in outputs]
        assert not {output.id for output in before} & {output.id for output in after}, f"{seed=} {split=}"
        matches = {output.match for output in before}
        for output in after:
            known = isinstance(output, MatchSuggested) or output.match in matches
            assert known, f"{seed=} {split=}: {output} is about a match that nobody was told of"
            matches.add(output.match)
