"""What attendees receive discloses nothing that the contract forbids, over 100,000 random histories.

An independent checker of inputs and outputs: it knows consents, answers, arrivals and withdrawals, and nothing of the
engine.
"""

from collections import defaultdict

import pytest

from schemas.codec import Record
from schemas.events import (
    AttendeeErased,
    AttendeeRegistered,
    CheckinArrived,
    ConsentChanged,
    MatchAnswered,
)
from schemas.outputs import AnyOutput, MatchAgreed, MatchLocated, MatchSuggested, MatchWithdrawn
from streams.matching import Matcher
from tests.laws.logs import records_of
from tests.scenarios.story import CONFERENCE

HISTORIES = 100_000
BLOCKS = 20


class Watcher:
    """Looks at everything that is put out, with what was ever said by whom."""

    def __init__(self) -> None:
        self.shares: defaultdict[str, set[bool]] = defaultdict(set)
        self.places: defaultdict[str, set[str]] = defaultdict(set)
        self.said: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self.told_places: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self.people: dict[str, tuple[str, str]] = {}
        self.agreed: set[str] = set()
        self.gone: defaultdict[str, set[str]] = defaultdict(set)
        self.erased: set[str] = set()

    def hear(self, event: object) -> None:
        if isinstance(event, AttendeeRegistered):
            self.shares[event.attendee].add(event.consent.share_place)
        elif isinstance(event, ConsentChanged) and event.share_place is not None:
            self.shares[event.attendee].add(event.share_place)
        elif isinstance(event, CheckinArrived) and event.place is not None:
            self.places[event.attendee].add(event.place)
        elif isinstance(event, MatchAnswered):
            self.said[event.match, event.attendee].add(event.answer)
            if event.place is not None:
                self.told_places[event.match, event.attendee].add(event.place)

    def check(self, output: AnyOutput) -> None:
        assert not set(output.to) & self.erased, "told to somebody erased"
        assert not set(output.to) & self.gone[output.match], "told after the card was withdrawn"
        if isinstance(output, MatchSuggested):
            self.people[output.match] = output.attendees
            assert set(output.to) <= set(output.attendees)
            if output.near:
                assert all(True in self.shares[name] for name in output.attendees), "near without share_place"
                assert self.places[output.attendees[0]] & self.places[output.attendees[1]]
        elif isinstance(output, MatchAgreed):
            assert all("accepted" in self.said[output.match, name] for name in output.attendees), "agreed for somebody"
            assert set(output.to) == set(output.attendees) == set(output.places)
            for name, place in output.places.items():
                assert place is None or (True in self.shares[name] and place in self.places[name]), "place disclosed"
            self.agreed.add(output.match)
        elif isinstance(output, MatchLocated):
            assert output.match in self.agreed, "a place before the agreement"
            assert output.place in self.told_places[output.match, output.attendee]
            assert output.to == tuple(name for name in self.people[output.match] if name != output.attendee)
        elif isinstance(output, MatchWithdrawn):
            self.check_withdrawn(output)

    def check_withdrawn(self, output: MatchWithdrawn) -> None:
        if output.cause == "declined":
            assert all("declined" in self.said[output.match, name] for name in output.to), "a decline disclosed"
        if output.cause == "blocked":
            assert len(output.to) == 1 or len(set(output.to)) == 2
        self.gone[output.match].update(output.to)


def watch(seed: int) -> int:
    """Folds one history under the watcher; how much was put out."""
    watcher, matcher, seen = Watcher(), Matcher(CONFERENCE), 0
    for record in records_of(seed, 24):
        assert isinstance(record, Record)
        watcher.hear(record.event)
        outputs = matcher.apply(record.event, record.at, record.recorded)
        for output in outputs:
            watcher.check(output)
            assert not (isinstance(output, MatchWithdrawn) and output.cause == "erased" and len(output.to) != 1)
        if isinstance(record.event, AttendeeErased) and matcher.state.opened:
            watcher.erased.add(record.event.attendee)
        seen += len(outputs)
    return seen


def check_block(block: int, histories: int) -> None:
    seen = 0
    for seed in range(1_000_000 + block * histories, 1_000_000 + (block + 1) * histories):
        try:
            seen += watch(seed)
        except AssertionError as error:
            raise AssertionError(f"{seed=}: {error}") from error
    assert seen > histories // 4, "too little was put out to say much"


def test_nothing_forbidden_is_disclosed() -> None:
    check_block(-1, 1_000)


@pytest.mark.slow
def test_nothing_forbidden_is_disclosed_in_2_000_histories() -> None:
    check_block(-2, 2_000)


@pytest.mark.torture
@pytest.mark.parametrize("block", range(BLOCKS))
def test_nothing_forbidden_is_disclosed_in_100_000_histories(block: int) -> None:
    check_block(block, HISTORIES // BLOCKS)
