"""Ids are derived, and the same in every replay and version, since answers and inboxes refer to them later."""

import pytest

from schemas.outputs import AnyOutput, MatchAgreed, MatchLocated, MatchSuggested
from streams.matching.ids import match_id, output_id, trace
from tests.laws.logs import folded
from tests.scenarios.story import CONFERENCE


def test_ids_never_change() -> None:
    assert match_id("himss", "ada", "bob", 0) == "m-ac44ac7d7bb60e2f36f15998"
    assert match_id("himss", "bob", "ada", 1) == "m-e75a8fadb6e5c3890db419e5"
    assert output_id("m-91f6d5ea9529783c8d393811", "located", "ada", "e7") == "o-d61194dca37a948c051b1250"
    assert trace("himss", "x:ada") == "bfad0f5ad61da691986d4fc57b0676a9"


def id_of(output: AnyOutput, is_second: bool) -> str:
    """What an output's id is made of."""
    if isinstance(output, MatchSuggested):
        return output_id(output.match, "suggested", *(("again", *output.to) if is_second else ("",)))
    if isinstance(output, MatchAgreed):
        return output_id(output.match, "agreed")
    if isinstance(output, MatchLocated):
        return output_id(output.match, "located", output.attendee, output.caused_by)
    return output_id(output.match, "withdrawn", *(output.to if output.cause in ("declined", "blocked") else ()))


@pytest.mark.parametrize("seed", range(100))
def test_the_ids_of_a_history(seed: int) -> None:
    matches: dict[str, int] = {}  # how often each was suggested
    of_pair: dict[tuple[str, str], int] = {}
    seen: set[str] = set()
    for output in folded(seed, 60).told:
        assert output.id == id_of(output, output.match in matches), output
        assert output.id not in seen
        seen.add(output.id)
        if isinstance(output, MatchSuggested):
            matches[output.match] = matches.get(output.match, 0) + 1
            if matches[output.match] == 1:
                number = of_pair.get(output.attendees, 0)
                assert output.match == match_id(CONFERENCE, *output.attendees, number)
                of_pair[output.attendees] = number + 1
