"""The fold that is measured: bytes in, outputs as bytes, as ``hallway replay`` does it.

Owns: the loop. May never: do less than the command does. Times are of the processor, for others use the machine too.
"""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import msgspec
import orjson

from schemas.codec import Codec, Record
from schemas.events import Input
from streams.matching import Matcher
from streams.replay import Replay
from tests.bench.logs import blocks


@dataclass(frozen=True)
class Folded:
    """A fold: how many events and outputs, in what time, and the state after it."""

    events: int
    outputs: int
    seconds: float
    replay: Replay

    @property
    def matcher(self) -> Matcher:
        (only,) = self.replay.matchers.values()
        return only


@contextmanager
def no_gc() -> Iterator[None]:
    """The command does so too: the state has no cycles."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def fold(path: Path) -> Folded:
    """Decodes and folds the whole file."""
    codec, replay = Codec(), Replay()
    events = outputs = 0
    with no_gc():
        began = process_time()
        for block in blocks(path):
            records = codec.decode_all(block)
            if records is None:
                records = _one_by_one(codec, block)
            events += len(records)
            for record in records:
                for output in replay.feed(record):
                    replay.encode(output)
                    outputs += 1
        seconds = process_time() - began
    return Folded(events, outputs, seconds, replay)


def _one_by_one(codec: Codec, block: bytes) -> list[Record]:
    decoded = (codec.decode(line) for line in block.splitlines())
    return [record for record in decoded if isinstance(record, Record)]


def _timed(path: Path, decode: Callable[[bytes], Iterable[object]]) -> float:
    with no_gc():
        began = process_time()
        for block in blocks(path):
            list(decode(block))
        return process_time() - began


def bare_msgspec(path: Path) -> float:
    """Seconds in which msgspec decodes and checks the types, and nothing else is done."""
    return _timed(path, msgspec.json.Decoder(Input).decode_lines)


def bare_orjson(path: Path) -> float:
    """Seconds in which orjson makes dicts of the lines, unchecked."""
    return _timed(path, lambda block: map(orjson.loads, block.splitlines()))
