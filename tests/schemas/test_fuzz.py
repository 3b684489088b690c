"""A million fuzzed lines: the codec and the engine survive them, and no bytes are lost."""

import gc
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from schemas.codec import Codec, Record, Reject, encode
from schemas.events import ConferenceClosed
from schemas.times import format_time
from streams.replay import Replay
from tests.schemas.fuzz import Fuzz

LINES = 1_000_000
PARTS = 20
FOLDED = 3_000  # records to a replay: then it may be closed, and a new one begins


@pytest.fixture
def no_gc() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def check_written(codec: Codec, record: Record) -> None:
    """What is written of the event is read as the same."""
    recorded = None if record.recorded is None else format_time(record.recorded)
    kept = replace(record, event=replace(record.event, at=format_time(record.at), recorded_at=recorded))
    assert codec.decode(encode(record.event)) == kept


def check_reject(reject: Reject, line: bytes) -> None:
    """Whole, with a reason for a person."""
    assert reject.line is line
    assert isinstance(reject.reason, str)
    assert reject.reason.strip()
    assert reject.field is None or (isinstance(reject.field, str) and reject.field)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(PARTS))
def test_fuzzed_lines_are_records_or_rejects_and_fold(seed: int, no_gc: None) -> None:
    codec, replay = Codec(), Replay()
    records = rejects = folded = 0
    for number, line in enumerate(Fuzz(seed).lines(LINES // PARTS)):
        try:
            result = codec.decode(line)
            if isinstance(result, Reject):
                rejects += 1
                check_reject(result, line)
                continue
            assert isinstance(result, Record)
            records += 1
            if records % 10 == 0:
                check_written(codec, result)
            if folded >= FOLDED:
                replay, folded = Replay(), 0
            elif not isinstance(result.event, ConferenceClosed) or folded > FOLDED - 100:
                folded += 1
                replay.feed(result)
        except Exception as error:
            raise AssertionError(f"seed {seed}, line {number}: {line[:2_000]!r}") from error
    assert records + rejects == LINES // PARTS
    assert records > LINES // PARTS // 5, "too few good ones to try the engine"
    assert rejects > LINES // PARTS // 5, "too few bad ones to try the codec"
