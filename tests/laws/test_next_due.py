"""When a tick is worthwhile: ticking at the moments that a matcher names emits every output on time."""

from itertools import count

import pytest

from schemas.times import millis
from streams.matching import Matcher
from tests.laws.logs import applied, records_in, records_of
from tests.laws.test_time_and_bytes import nows, tick
from tests.scenarios.story import CONFERENCE, Story, friends, met_at_ten, when


@pytest.mark.parametrize("seed", range(100))
def test_ticks_at_the_due_moments_leave_nothing_to_the_records(seed: int) -> None:
    records, matcher, numbers = records_of(seed, 60), Matcher(CONFERENCE), count()
    for record, now in zip(records, nows(records), strict=True):
        while (due := matcher.next_due()) is not None and due <= now:
            ticked = tick(next(numbers), due)
            for output in matcher.apply(ticked.event, ticked.at, ticked.recorded):
                assert millis(output.at) == due, f"{seed=} {output}"
            assert matcher.next_due() != due, f"{seed=}: the same moment is due again"
        for output in matcher.apply(record.event, record.at, record.recorded):
            assert millis(output.at) == now, f"{seed=} {output}"


def next_due(story: Story) -> int | None:
    matcher = Matcher(CONFERENCE)
    applied(matcher, records_in(story))
    return matcher.next_due()


def test_the_first_expiry_of_a_card_holders_presence_is_due_next() -> None:
    assert next_due(met_at_ten("ada", "bob")) == millis(when("22:00"))


def test_nothing_is_due_without_a_card_with_a_budget_of_zero_or_after_the_closing() -> None:
    assert next_due(Story()) is None
    assert next_due(friends("ada", "bob").at("10:00").arrive("ada")) is None
    assert next_due(met_at_ten("ada", "bob", per_hour=0)) is None
    assert next_due(met_at_ten("ada", "bob").close()) is None
