"""What is wrong with an event, in words for people.

Invariants: of a bad value no more than a line is shown.
"""

import msgspec

from schemas.events import BY_NAME

_SHOWN_CHARS = 80  # of a bad value, in a reason
OUTPUT_TYPES = frozenset({"match.suggested", "match.agreed", "match.located", "match.withdrawn"})


class FaultError(Exception):
    """Used inside the codec: the reason, for people, and the wrong field if it is one field."""

    def __init__(self, reason: str, field: str | None) -> None:
        super().__init__(reason)
        self.reason, self.field = reason, field


def explain(raw: object, kind: object, error: msgspec.ValidationError) -> FaultError:
    """Turns msgspec's error into words for people."""
    if not isinstance(raw, dict):
        return FaultError("An event is a JSON object.", None)
    if "type" not in raw:
        return FaultError("type is missing.", "type")
    if not isinstance(kind, str) or kind not in BY_NAME:
        if isinstance(kind, str) and kind in OUTPUT_TYPES:
            return FaultError(f"{kind} is an output of the matcher; it cannot be sent.", "type")
        return FaultError(f"The type {shorten(kind)} is not known.", "type")
    said, field = str(error).partition(" - at `$")[0], field_of(error)
    if "required field" in said:
        missing = said.split("`")[1]
        field = missing if field is None else f"{field}.{missing}"
    if field == "type":
        return FaultError("type is given twice.", "type")
    return FaultError(f"{field or 'The event'}: {said}.", field)


def field_of(error: msgspec.ValidationError) -> str | None:
    """The path of the wrong field in msgspec's message, such as ``places[0].name`` in "… - at `$.places[0].name`"."""
    return str(error).partition(" - at `$.")[2].rstrip("`") or None


def shorten(value: object) -> str:
    """A value as people see it, cut to a line."""
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…"
