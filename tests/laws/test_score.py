"""More evidence of a pair never lowers its score at the same moment."""

from itertools import combinations
from random import Random

import pytest

from schemas.events import ActivityPosted
from schemas.times import DAY_MS, format_time
from streams.matching import Matcher, ties
from streams.matching.snapshot import restore, snapshot
from tests.laws.logs import applied, records_of
from tests.scenarios.story import CONFERENCE


def scores(matcher: Matcher) -> dict[tuple[str, str], int]:
    state = matcher.state
    people = sorted(person.id for person in state.attendees.values() if person.accounts)
    return {
        (a, b): ties.score(state, state.attendees[a], state.attendees[b], state.now) for a, b in combinations(people, 2)
    }


@pytest.mark.parametrize("seed", range(400))
def test_more_evidence_never_lowers_the_score(seed: int) -> None:
    random = Random(seed)
    matcher = Matcher(CONFERENCE)
    applied(matcher, records_of(seed, 80))
    if matcher.state.closed or not matcher.state.opened:
        return
    before = scores(matcher)
    data = snapshot(matcher)
    for a, b in before:
        again = restore(data)
        state = again.state
        one, other = random.sample((a, b), 2)
        actor, target = (state.accounts[random.choice(state.attendees[name].accounts)].text for name in (one, other))
        others = random.sample(sorted(state.accounts_by_name), min(len(state.accounts_by_name), random.randint(0, 3)))
        at = state.now - random.choice([0, 0, DAY_MS, 30 * DAY_MS, 399 * DAY_MS])
        tags = tuple(random.sample(["hitsm", "hcldr", "fri", "fhir"], random.randint(0, 2)))
        post = ActivityPosted(
            id="one-more",
            at=format_time(at),
            actor=actor,
            mentions=(target, *others),
            hashtags=tags,
            conference=CONFERENCE,
        )
        again.apply(post, at, state.now)
        assert scores(again)[a, b] >= before[a, b], f"{seed=} {post}"
