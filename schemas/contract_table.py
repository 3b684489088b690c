"""The contract's table of event types, generated from the Structs and their specs.

Responsibility: the rows between two markers of docs/contract.md; the rest of that page is written by hand.
"""

from msgspec import inspect

from schemas.events import KINDS, Event, name_of
from schemas.events.fields import field_type, optional_fields, own_fields, text_fields
from schemas.events.texts import Text

BEGIN = "<!-- `hallway schema` writes this table from schemas/events. -->\n"
END = "<!-- End of what is written. -->\n"
_WORDS = {Text.ACCOUNT: "account", Text.HASHTAG: "text", Text.POSTED_HASHTAG: "text", Text.POST_ID: "post id"}
_WORDS |= {Text.TIME_ZONE: "IANA"}


def insert_table(page: str) -> str:
    """The page with the current table. ValueError: the markers are missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"has no place for the table of events: a line {BEGIN.strip()}, and below it {END.strip()}")
    return f"{before}{begin}\n{table()}\n{end}{after}"


def table() -> str:
    """The table in Markdown, one row per type."""
    rows = [f"| `{name_of(kind)}` | {_fields(kind)} | {kind.spec.meaning} |" for kind in KINDS]
    return "\n".join(["| type | fields | meaning |", "|---|---|---|", *rows, ""])


def _fields(kind: type[Event]) -> str:
    ids = [name for name in ("conference", "attendee") if name in kind.__struct_fields__]
    optional = optional_fields(kind)
    names = sorted([*ids, *own_fields(kind)], key=lambda name: name in ids and name in optional)
    return ", ".join(f"`{name}`{'?' if name in optional else ''}{_form(kind, name)}" for name in names)


def _form(kind: type[Event], name: str) -> str:
    """The text after a field's name: the spec's note, or what follows from its type."""
    if name in kind.spec.notes:
        return f" {kind.spec.notes[name]}"
    found = field_type(kind, name)
    if isinstance(found, inspect.LiteralType):
        return f" ({', '.join(f'`{value}`' for value in found.values)})"
    if isinstance(found, inspect.VarTupleType) and isinstance(found.item_type, inspect.StructType):
        return f" [{{{', '.join(f'`{field.name}`' for field in found.item_type.fields)}}}]"
    (text,) = [field.text for field in text_fields(kind) if field.name == name] or [None]
    word = _WORDS.get(text) if text is not None else None
    if word is None or word == name:
        return ""
    return f" [{word}]" if isinstance(found, inspect.VarTupleType) else f" ({word})"
