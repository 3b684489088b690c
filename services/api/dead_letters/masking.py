"""Masks a dead letter for lists: nothing that its sender wrote remains.

Responsibility: what may be seen of a letter before somebody shows it in full, which the audit log records.

Invariants:
- Everything in a masked letter is a number or belongs to a closed set: event types and fields of the contract,
  sentences of this module, ids of connectors and organizers. Nothing is cut out of the text, because nobody knows what
  is in it.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec import Struct

from schemas.events import BY_NAME, KINDS
from schemas.outputs import DeadLetter
from schemas.times import format_time

MASK = "…"
TYPES = tuple(sorted(BY_NAME))
FIELDS = frozenset({"type", *(name for kind in KINDS for name in kind.__struct_fields__)})
_VISIBLE_SOURCES = frozenset({"connector", "organizer"})  # ids of these are no attendee's
_NEAR = 0.8
_TYPE_CHARS = 64


class LetterListed(Struct, frozen=True):
    """A masked dead letter. ``bytes``: in base64, the event's fields without values; empty where it is no event.

    ``reason``: what is wrong, as far as the fields show. ``sent_at``: when it was resent; it cannot be resent again.
    """

    number: int
    reason: str
    field: str | None
    source: str
    position: int
    at: str | None
    bytes: str
    size_bytes: int
    sent_at: str | None = None


def mask(number: int, letter: DeadLetter, sent: int | None) -> LetterListed:
    """The letter in masked form. ``sent``: when it was resent, in ms since 1970."""
    raw = b64decode(letter.bytes)
    event, field = _event(raw), _field(letter.field)
    return LetterListed(
        number=number,
        reason=masked_reason(raw, letter.field),
        field=field,
        source=masked_source(letter.source),
        position=letter.position,
        at=letter.at,
        bytes="" if event is None else b64encode(msgspec.json.encode(_skeleton(event))).decode(),
        size_bytes=len(raw),
        sent_at=None if sent is None else format_time(sent),
    )


def masked_source(source: str) -> str:
    """The sender of a letter; for an attendee only the role."""
    role, _, _ = source.partition(":")
    return source if role in _VISIBLE_SOURCES else "attendee"


def masked_reason(raw: bytes, field: str | None) -> str:
    """What is wrong with these bytes, without quoting them. ``field``: the one that codec or admission refused."""
    event = _event(raw)
    if event is None:
        return "It is not a JSON object."
    kind = event.get("type")
    if kind not in TYPES:
        name = kind if isinstance(kind, str) and len(kind) <= _TYPE_CHARS else ""  # comparing longer ones takes long
        near = get_close_matches(name, TYPES, n=1, cutoff=_NEAR)
        return f"Its type is not known.{f' The nearest is {near[0]}.' if near else ''}"
    known = _field(field)
    if known is None:
        return "It is not valid. Show it to read why."
    return f"{known} is {'not valid' if known in event else 'missing'}."


def _event(raw: bytes) -> Mapping[str, Any] | None:
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _field(field: str | None) -> str | None:
    """The event's own field at the head of a path, such as ``places`` of ``places[0].name``."""
    head = (field or "").partition(".")[0].partition("[")[0]
    return head if head in FIELDS else None


def _skeleton(event: Mapping[str, Any]) -> dict[str, str]:
    """The event's known fields in their order, each masked except a known type."""
    return {name: event[name] if name == "type" and event[name] in TYPES else MASK for name in event if name in FIELDS}
