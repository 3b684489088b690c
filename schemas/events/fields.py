"""The fields of a Struct and the kinds of their texts, read from its annotations.

Responsibility: the codec's checks, pseudonymization and ``schemas.events.check`` all read the fields from here.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from msgspec import NODEFAULT, inspect

from schemas.events.base import AttendeeEvent, Event
from schemas.events.texts import KIND, UNBOUNDED, Text


class TextField(NamedTuple):
    """A field that holds a text, or a tuple of texts. ``text``: its kind; None if its type does not declare one."""

    name: str
    text: Text | None
    is_tuple: bool = False


def text_fields(kind: type[Event]) -> tuple[TextField, ...]:
    """All fields with texts, in the Struct's order; fields of nested Structs as ``places.name``."""
    return tuple([found for field in _info(kind).fields for found in _texts(field.name, field.type, None, False)])


def is_short(kind: type[Event]) -> bool:
    """Whether all its texts are single and bounded (at most 512 characters)."""
    return not any(field.is_tuple or field.text in (None, *UNBOUNDED) for field in text_fields(kind))


def own_fields(kind: type[Event]) -> tuple[str, ...]:
    """The type's own fields, without those of the base Structs."""
    return tuple([name for name in kind.__struct_fields__ if name not in AttendeeEvent.__struct_fields__])


def optional_fields(kind: type[Event]) -> frozenset[str]:
    """The fields that may be left out."""
    fields = _info(kind).fields
    return frozenset(field.name for field in fields if (field.default, field.default_factory) != (NODEFAULT, NODEFAULT))


def field_type(kind: type[Event], name: str) -> inspect.Type:
    """The type of a field, without its metadata and without None."""
    (found,) = [field.type for field in _info(kind).fields if field.name == name]
    return _bare(found)


@cache
def _info(kind: type[Event]) -> inspect.StructType:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return info


def _bare(found: inspect.Type) -> inspect.Type:
    if isinstance(found, inspect.Metadata):
        return _bare(found.type)
    if isinstance(found, inspect.UnionType):
        (rest,) = [each for each in found.types if not isinstance(each, inspect.NoneType)]
        return _bare(rest)
    return found


def _texts(name: str, found: inspect.Type, kind: Text | None, is_tuple: bool) -> Iterator[TextField]:
    match found:
        case inspect.Metadata():
            yield from _texts(name, found.type, (found.extra or {}).get(KIND, kind), is_tuple)
        case inspect.UnionType():
            for each in found.types:
                yield from _texts(name, each, kind, is_tuple)
        case inspect.VarTupleType():
            yield from _texts(name, found.item_type, kind, True)
        case inspect.StructType():
            for field in found.fields:
                yield from _texts(f"{name}.{field.name}", field.type, None, is_tuple)
        case inspect.StrType():
            yield TextField(name, kind, is_tuple)
        case inspect.BoolType() | inspect.IntType() | inspect.LiteralType() | inspect.NoneType():
            pass
        case _:
            yield TextField(name, None, is_tuple)  # an unforeseen type may hold a text
