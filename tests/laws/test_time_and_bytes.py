"""The spacing of ticks changes nothing, and neither does the iteration order of Python's sets."""

import os
import subprocess
import sys
from random import Random

import pytest
from msgspec.structs import replace

from schemas.codec import Record
from schemas.events import ClockTicked
from schemas.outputs import AnyOutput
from schemas.times import HOUR_MS, format_time
from streams.matching import Matcher
from tests.laws.logs import applied, records_of
from tests.scenarios.story import CONFERENCE


def nows(records: list[Record]) -> list[int]:
    """Each record's now."""
    seen: list[int] = []
    for record in records:
        now = record.at if record.recorded is None else record.recorded
        seen.append(max(now, seen[-1]) if seen else now)
    return seen


def tick(number: int, now: int) -> Record:
    """A tick of the log's owner."""
    event = ClockTicked(id=f"tick-{number}", at=format_time(now), recorded_at=format_time(now), conference=CONFERENCE)
    return Record(event, now, now)


def with_ticks(records: list[Record], random: Random) -> list[Record]:
    """The records with ticks between them, at random moments and at those at which something may be due."""
    moments = nows(records)
    ticked: list[Record] = []
    for record, now, following in zip(records, moments, [*moments[1:], moments[-1]], strict=True):
        ticked.append(Record(record.event, record.at, now))
        spans = [HOUR_MS, HOUR_MS - 1, 4 * HOUR_MS, 12 * HOUR_MS, 24 * HOUR_MS]
        for moment in sorted({now + random.choice(spans), random.randint(now, following)}):
            if now <= moment <= following:
                ticked.append(tick(len(ticked), moment))
    return ticked


def without_position(outputs: list[list[AnyOutput]]) -> list[AnyOutput]:
    return [replace(output, position="") for of_record in outputs for output in of_record]


@pytest.mark.parametrize("seed", range(300))
def test_the_spacing_of_ticks_changes_nothing(seed: int) -> None:
    records = records_of(seed, 60)
    plain = [Record(record.event, record.at, now) for record, now in zip(records, nows(records), strict=True)]
    expected = without_position(applied(Matcher(CONFERENCE), plain))
    ticked = with_ticks(records, Random(seed))
    assert without_position(applied(Matcher(CONFERENCE), ticked)) == expected


FOLD = """
from hashlib import blake2b
from schemas.codec import encode_output
from streams.matching.snapshot import snapshot
from streams.matching import Matcher
from tests.laws.logs import applied, records_of
digest = blake2b()
for seed in range(40):
    matcher = Matcher("himss")
    for outputs in applied(matcher, records_of(seed, 80)):
        for output in outputs:
            digest.update(encode_output(output))
    digest.update(snapshot(matcher))
print(digest.hexdigest())
"""


def test_the_same_bytes_under_two_hash_seeds() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", FOLD],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("1", "2", "77")
    }
    assert len(digests) == 1
