"""Good samples of every event, kept from each version; and the same with one thing changed.

Owns: reading ``samples/``. May never: change a kept sample (later versions must still read it).
"""

import json
from pathlib import Path
from typing import Any

import msgspec

from schemas.codec import Codec, Record, Reject
from tests.schemas.declared import SAMPLES

Json = dict[str, Any]
LINES = (
    tuple(
        line
        for path in sorted(Path(__file__).with_name("samples").glob("v*.jsonl"))
        for line in path.read_bytes().splitlines()
    )
    + SAMPLES
)
_FIRST: dict[str, Json] = {}
for _line in LINES:
    _sample = json.loads(_line)
    _FIRST.setdefault(_sample["type"], _sample)
TYPES = tuple(_FIRST)
LEFT_OUT = msgspec.UNSET


def changed(kind: str, **fields: Any) -> bytes:
    """The first good sample of this type with other fields; ``LEFT_OUT`` takes a field away."""
    event = {**_FIRST[kind], **fields}
    return json.dumps({name: value for name, value in event.items() if value is not LEFT_OUT}).encode()


def good(line: bytes, codec: Codec | None = None) -> Record:
    """What the line decodes to; it has to be good."""
    record = (codec or Codec()).decode(line)
    assert isinstance(record, Record), record
    return record


def bad(line: bytes, codec: Codec | None = None) -> Reject:
    """What is wrong with the line; something has to be, said in a sentence, and the bytes are given back."""
    reject = (codec or Codec()).decode(line)
    assert isinstance(reject, Reject), reject
    assert reject.line is line
    assert reads_as_a_sentence(reject.reason), (len(reject.reason), reject.reason[:200])
    return reject


def reads_as_a_sentence(reason: str) -> bool:
    """For a person: not empty, ends as a sentence does, on one line, of a length one reads, no inside of Python."""
    inside = ("Traceback", "Error(", "<class", "object at 0x", "msgspec", "NoneType")
    return (
        8 < len(reason) <= 400
        and reason.endswith(".")
        and reason.isprintable()
        and not any(word in reason for word in inside)
    )
