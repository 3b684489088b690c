"""JSON Schema 2020-12 of the events and of the outputs, generated from the Structs.

Responsibility: the content of docs/schema/, byte for byte; nothing is written here.
Why: msgspec knows what one field may be; the two rules between fields, which the codec checks in code, are added.
Descriptions are docstrings with their white space folded, since Python 3.13 indents docstrings differently from 3.11.
Source: https://json-schema.org/draft/2020-12
"""

from typing import Any

import msgspec
import orjson

from schemas.events import KINDS, Input, sample_of
from schemas.outputs import AnyOutput, DeadLetter, Tie

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_WINDOW = {"weekday": "integer", "start": "string", "minutes": "integer", "time_zone": "string"}

# The rules between fields, by Struct. Null means the same as a missing field.
_BETWEEN_FIELDS: dict[str, dict[str, Any]] = {
    "Chat": {
        "anyOf": [
            {
                "description": "With a weekly window.",
                "required": list(_WINDOW),
                "properties": {name: {"type": kind} for name, kind in _WINDOW.items()},
            },
            {"description": "Without.", "properties": {name: {"type": "null"} for name in _WINDOW}},
        ]
    },
    "MatchAnswered": {
        "if": {"properties": {"answer": {"const": "here"}}},
        "then": {"required": ["place"], "properties": {"place": {"type": "string"}}},
    },
}


def documents() -> dict[str, bytes]:
    """The files of docs/schema/: name -> content."""
    events = _document("An event that Hallway takes in", Input)
    outputs = _document("An output of the matcher; $defs has ties and dead letters too", AnyOutput, Tie, DeadLetter)
    return {"events.schema.json": events, "outputs.schema.json": outputs}


def _document(title: str, root: Any, *others: Any) -> bytes:
    (schema, *_), defs = msgspec.json.schema_components((root, *others), ref_template="#/$defs/{name}")
    for name, rule in _BETWEEN_FIELDS.items():
        if name in defs:
            defs[name] |= rule
    for kind in KINDS:
        if kind.__name__ in defs:
            defs[kind.__name__]["examples"] = [sample_of(kind)]
    whole = {"$schema": DIALECT, "title": title, **schema, "$defs": defs}
    return orjson.dumps(
        _fold_descriptions(whole), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    )


def _fold_descriptions(node: Any) -> Any:
    """A copy with the white space of every description folded."""
    if isinstance(node, dict):
        return {
            key: " ".join(value.split())
            if key == "description" and isinstance(value, str)
            else _fold_descriptions(value)
            for key, value in node.items()
        }
    return [_fold_descriptions(item) for item in node] if isinstance(node, list) else node
