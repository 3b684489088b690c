"""Random histories as records, and folds of them.

Responsibility: from a seed to records and outputs; it knows no rule of the engine.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.codec import Codec, Record
from schemas.outputs import AnyOutput
from streams.matching import Matcher
from streams.matching.ids import match_id
from tests.histories.drawn import history
from tests.scenarios.story import CONFERENCE, Story


@dataclass(frozen=True)
class Fold:
    """A folded history: its records, and of each the outputs."""

    records: list[Record]
    outputs: list[list[AnyOutput]]

    @property
    def told(self) -> list[AnyOutput]:
        return [output for outputs in self.outputs for output in outputs]


def records_of(seed: int, size: int) -> list[Record]:
    """The history of a seed, its symbolic matches named as the engine names them."""
    codec = Codec()
    records = []
    for event in history(seed, size):
        match = event.get("match")
        if match is not None and not isinstance(match, str):
            event = {**event, "match": match_id(CONFERENCE, *match)}
        record = codec.decode(json.dumps(event).encode())
        assert isinstance(record, Record), record
        records.append(record)
    return records


def records_in(story: Story) -> list[Record]:
    """The records of a story's events."""
    decoded = [Codec().decode(json.dumps(event).encode()) for event in story.events]
    return [record for record in decoded if isinstance(record, Record)]


def applied(matcher: Matcher, records: Sequence[Record]) -> list[list[AnyOutput]]:
    """The outputs of each record."""
    return [matcher.apply(record.event, record.at, record.recorded) for record in records]


def folded(seed: int, size: int) -> Fold:
    """The fold of a seed's history."""
    records = records_of(seed, size)
    return Fold(records, applied(Matcher(CONFERENCE), records))
