"""Where reading goes on: never ahead, always further, and back to where new people begin."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.connectors.bluesky.position import (
    LOOK_BACK_MS,
    OVERLAP_US,
    QUIET_US,
    REWIND_US,
    US,
    Position,
    after_events,
    after_quiet,
    after_skip,
    begin,
    first_position,
    oldest,
)

NOW = 1_790_000_000_000
moments = st.integers(NOW - 10_000_000, NOW)


@given(st.lists(moments, min_size=1), st.booleans())
def test_a_connection_that_is_cut_again_and_again_gets_on(times: list[int], grows: bool) -> None:
    at = begin(first_position(NOW), "a", NOW)
    for time in sorted(times):
        before = at
        at = begin(after_events(at, time * US, NOW), "a", NOW)
        assert at.at_us in (time * US, time * US - OVERLAP_US)  # never ahead
        assert at.at_us > before.began_us or at.at_us == time * US  # further than the last one began, or exact


@given(moments, moments)
def test_new_people_are_read_from_before_they_could_be_known(read_at: int, known_at: int) -> None:
    at = begin(Position(at_us=read_at * US, people="a", people_at=known_at), "b", NOW)
    assert at.at_us == min(read_at, known_at) * US - REWIND_US
    assert (at.people, at.people_at, at.began_us) == ("b", NOW, at.at_us)


def test_quiet_moves_on_only_as_far_as_a_host_may_be_late() -> None:
    assert after_quiet(Position(at_us=5), NOW).at_us == NOW * US - QUIET_US
    assert after_quiet(Position(at_us=NOW * US), NOW).at_us == NOW * US


def test_skips_grow_end_at_now_and_begin_anew_after_an_event() -> None:
    at = Position(at_us=(NOW - 60_000) * US)
    seen = [at.at_us]
    while at.at_us < NOW * US:
        at = after_skip(at, NOW)
        seen.append(at.at_us)
    steps = [(after - before) // US for before, after in pairwise(seen)]
    assert steps == [1_000, 2_000, 4_000, 8_000, 16_000, 29_000]
    assert after_skip(at, NOW).at_us == NOW * US  # never beyond
    assert after_skip(after_events(at, seen[0], NOW), NOW).at_us == seen[0] + 1_000 * US


def test_a_position_that_is_too_old_becomes_the_oldest_kept_and_then_now() -> None:
    first = oldest(Position(at_us=1), NOW)
    assert NOW - LOOK_BACK_MS < first.at_us // US < NOW
    assert oldest(first, NOW).at_us == NOW * US
