"""Checks at import that every event type has a spec, and that the spec covers its whole Struct.

Responsibility: the error messages; each names the type, its file and what to write there.
Why: checks that fail open would let a new type through wherever nobody thought of it. These fail closed.
"""

from collections.abc import Collection, Iterator
from dataclasses import fields
from typing import Any

import msgspec

from schemas.events.base import Event
from schemas.events.fields import optional_fields, own_fields, text_fields
from schemas.events.spec import EventSpec, Log, Role, Rule
from schemas.events.texts import Text

_ANYBODY = {"id": "e-5b1f0c3a", "at": "2027-03-09T14:05:00.000Z"}
_IDS = {"conference": "himss-2027", "attendee": "a3f19c2e77b04d5a8e6b1c20"}
_NAMES_SOMEBODY = frozenset({Text.ACCOUNT, Text.PERSON, Text.POST_ID})
# Texts in which anybody could write a name, and who is trusted not to.
_FREE: dict[Text, frozenset[Role]] = {
    Text.TITLE: frozenset({"organizer", "operator"}),
    Text.METHOD: frozenset({"verifier"}),
}
_NEEDS: dict[Rule, tuple[str, Log]] = {
    Rule.SELF: ("attendee", Log.CONFERENCE),
    Rule.OWN: ("conference", Log.CONFERENCE),
    Rule.CHECKIN: ("attendee", Log.CONFERENCE),
    Rule.UPLOAD: ("actor", Log.ROUTED),
    Rule.POSTS: ("actor", Log.ROUTED),
}


class SpecError(Exception):
    """A declaration is missing or wrong."""


def name_of(kind: type[Event]) -> str:
    """The ``type`` of this Struct's events."""
    return str(kind.__struct_config__.tag)


def sample_of(kind: type[Event]) -> dict[str, Any]:
    """A complete event of this type, as JSON values."""
    ids = {name: text for name, text in _IDS.items() if name in kind.__struct_fields__}
    if kind.spec.log is Log.ROUTED:
        del ids["conference"]  # the router finds it
    return {"type": name_of(kind), **_ANYBODY, **ids, **kind.spec.sample}


def check(kinds: Collection[type[Event]]) -> None:
    """Raises SpecError with all faults of these types."""
    found = [f"{name_of(kind)} ({_file(kind)}): {fault}" for kind in kinds for fault in _faults(kind)]
    found += [
        f"{name_of(kind)} ({_file(kind)}): it is not in the union at the end of its file, so nobody decodes it."
        for kind in _declared(Event)
        if kind not in kinds
    ]
    if found:
        raise SpecError("\n".join(found))


def check_handlers(handlers: Collection[type], kinds: Collection[type[Event]], where: str) -> None:
    """Raises SpecError unless exactly these types have handlers in the table ``where``."""
    missing = sorted(name_of(kind) for kind in kinds if kind not in handlers)
    more = sorted(kind.__name__ for kind in handlers if kind not in kinds)
    if missing:
        raise SpecError(f"{where} does not say what to do with {', '.join(missing)}.")
    if more:
        raise SpecError(f"{where} handles {', '.join(more)}, which never come there by their specs.")


def _declared(base: type[Event]) -> Iterator[type[Event]]:
    """All types of this package, also those in no union: subclasses without subclasses."""
    below = [kind for kind in base.__subclasses__() if kind.__module__.startswith(f"{__package__}.")]
    if not below and base is not Event:
        yield base
    for kind in below:
        yield from _declared(kind)


def _file(kind: type[Event]) -> str:
    return f"{kind.__module__.replace('.', '/')}.py"


def _faults(kind: type[Event]) -> Iterator[str]:
    for field in text_fields(kind):
        if field.text is None:
            yield f"{field.name} does not say what text it is. Give it a type of schemas/events/texts.py."
        elif field.text in _NAMES_SOMEBODY and "." in field.name:
            yield f"{field.name} names somebody inside another Struct, where nobody replaces it by a token."
        elif field.is_tuple and field.text in _NAMES_SOMEBODY - {Text.ACCOUNT}:
            yield f"{field.name} names several; only accounts are replaced by tokens where there are several."
    spec = kind.__dict__.get("spec")
    if not isinstance(spec, EventSpec):
        said = ", ".join(field.name for field in fields(EventSpec))
        yield f"it has no spec. Write spec = EventSpec(...) into it, with {said}."
        return
    if not spec.meaning:
        yield "its spec has no meaning, for the contract's table."
    yield from _faults_of_names(kind, spec)
    yield from _faults_of_log(kind, spec)
    yield from _faults_of_senders(kind, spec)
    yield from _faults_of_sample(kind)


def _faults_of_names(kind: type[Event], spec: EventSpec) -> Iterator[str]:
    """Checks the subject, the exported fields, the post's field and the accounts."""
    has, said = kind.__struct_fields__, (*spec.exported, *spec.withheld)
    if spec.subject is not None and spec.subject not in has:
        yield f"its subject is {spec.subject}, and it has no such field."
    if spec.subject is None and said:
        yield "it has no subject, so nobody can export its fields."
    for name in own_fields(kind) if spec.subject else ():
        if said.count(name) != 1:
            yield f"{name} has to be in exported (the subject gets it) or in withheld, in one of them."
    for name in (*said, *spec.notes):
        if name not in own_fields(kind):
            yield f"its spec names {name}, which is no field of its own."
    if {field.name for field in text_fields(kind) if field.text is Text.POST_ID} != {spec.post} - {"id", None}:
        yield "the field that has a post's id is to be named as its post, and no other."
    if spec.holds is not None and not ("attendee" in has and _has(kind, Text.ACCOUNT)):
        yield "it holds accounts of an attendee, and names no account or no attendee."


def _faults_of_log(kind: type[Event], spec: EventSpec) -> Iterator[str]:
    is_required = "conference" in kind.__struct_fields__ and "conference" not in optional_fields(kind)
    if is_required != (spec.log is Log.CONFERENCE):
        yield "its log is CONFERENCE if it has to name one, and ROUTED if it may."
    if (spec.log is Log.ROUTED) != (spec.post is not None):
        yield "what is routed is about a post, and nothing else is: its post names the field with the post's id."


def _faults_of_senders(kind: type[Event], spec: EventSpec) -> Iterator[str]:
    if not spec.senders:
        yield "nobody may send it. Name a role in senders."
    for role, rule in spec.senders.items():
        needed, log = _NEEDS.get(rule, ("id", spec.log))
        if needed not in kind.__struct_fields__ or spec.log is not log:
            yield f"{role} may send it by {rule.name}, which is for events with {needed} that are {log.name}."
    for field in text_fields(kind):
        for role in sorted(spec.senders.keys() - _FREE.get(field.text, spec.senders.keys())) if field.text else ():
            yield f"{field.name} is free text, and {role} could write somebody's name into it."


def _faults_of_sample(kind: type[Event]) -> Iterator[str]:
    for name in kind.spec.sample.keys() - set(kind.__struct_fields__):
        yield f"its sample has {name}, which is no field of it."
    try:
        msgspec.convert(sample_of(kind), kind)
    except msgspec.ValidationError as error:
        yield f"its sample is none: {error}."


def _has(kind: type[Event], text: Text) -> bool:
    return any(field.text is text for field in text_fields(kind))
