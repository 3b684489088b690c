"""What is wrong with an event, in words for a person.

Owns: the sentences. May never: show more of a bad value than a line holds.
"""

import msgspec

from schemas.events import BY_NAME

_SHOWN_CHARS = 80  # of a bad value, in a reason
OUTPUT_TYPES = frozenset({"match.suggested", "match.agreed", "match.located", "match.withdrawn"})


class FaultError(Exception):
    """Inside the codec: the reason for a person, and the field at fault where there is one."""

    def __init__(self, reason: str, field: str | None) -> None:
        super().__init__(reason)
        self.reason, self.field = reason, field


def explained(raw: object, kind: object, error: msgspec.ValidationError) -> FaultError:
    """What msgspec found, in words for a person."""
    if not isinstance(raw, dict):
        return FaultError("An event is a JSON object.", None)
    if "type" not in raw:
        return FaultError("type is missing.", "type")
    if not isinstance(kind, str) or kind not in BY_NAME:
        if isinstance(kind, str) and kind in OUTPUT_TYPES:
            return FaultError(f"{kind} is put out by the matcher and not taken in.", "type")
        return FaultError(f"The type {short(kind)} is not known.", "type")
    said, field = str(error).partition(" - at `$")[0], field_of(error)
    if "required field" in said:
        missing = said.split("`")[1]
        field = missing if field is None else f"{field}.{missing}"
    if field == "type":
        return FaultError("type is given twice.", "type")
    return FaultError(f"{field or 'The event'}: {said}.", field)


def field_of(error: msgspec.ValidationError) -> str | None:
    """The path of the field that msgspec names at the end of what it says, such as ``places[0].name`` of "… - at
    `$.places[0].name`"."""
    return str(error).partition(" - at `$.")[2].rstrip("`") or None


def short(value: object) -> str:
    """A value as a person may see it, cut."""
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…"
