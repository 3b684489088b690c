"""Checks the fields of an event: names in normal form, valid times, fields that belong together.

Responsibility: which texts are accepted in which field, and their normal form.
Invariants: only the event itself is looked at, never its JSON. What an earlier version accepted into a log is not
refused there: a name that has no normal form today stays as it is.
Why: msgspec has checked the types in C. Names that were seen before are recognized by set look-ups, for many events at
once, without a Python step for each. The sets are bounded, and cleared when full.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import Any

from msgspec.structs import force_setattr, replace

from schemas import names
from schemas.events import KINDS, Chat, ConferenceOpened, Event, Input, MatchAnswered
from schemas.events.fields import text_fields
from schemas.events.texts import Text
from schemas.faults import FaultError, shorten
from schemas.times import millis

_ORDER: dict[Text | None, int] = {text: number for number, text in enumerate(Text)}
# Any text is accepted; or the codec, or the rules of a type below, check it.
_WITHOUT_FORM = frozenset({Text.EVENT_ID, Text.POST_ID, Text.MATCH_ID, Text.STAMP, Text.CLOCK, Text.TITLE, Text.METHOD})
_KNOWN_NAMES = 500_000  # about 60 MB of names; a conference has far fewer


@dataclass(slots=True)
class _Form:
    """A kind of text: how it is normalized, and the texts known to be normal (bounded; None: an absent field)."""

    normal: Callable[[str], str]
    is_legacy: Callable[[str], bool]  # whether a log may contain it although it has no normal form
    known: set[str | None] = field(default_factory=lambda: {None})

    def __call__(self, text: str) -> str:
        if text in self.known:
            return text
        normal = self.normal(text)
        if len(self.known) >= _KNOWN_NAMES:
            self.known.clear()
            self.known.add(None)
        self.known.add(normal)
        return normal

    def as_logged(self, text: str) -> str:
        """The same for an event of a log, which may contain what an earlier version accepted."""
        try:
            return self(text)
        except ValueError:
            if self.is_legacy(text):
                return text
            raise

    def are_normal(self, texts: Collection[str | None]) -> bool:
        """Whether all of them are in normal form."""
        if self.known.issuperset(texts):
            return True
        try:
            return all(self(text) == text for text in set(texts).difference(self.known) if text is not None)
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class _Field:
    """A field that holds a text, or a tuple of texts."""

    name: str
    form: _Form
    get: Callable[[Any], Any]
    is_tuple: bool

    def are_normal(self, events: Sequence[Input]) -> bool:
        """Whether the field is normal in all of these events."""
        found = map(self.get, events)
        return self.form.are_normal(list(chain.from_iterable(found) if self.is_tuple else found))

    def normalize(self, event: Input, *, is_logged: bool) -> None:
        """Normalizes the field in place. FaultError if it has no normal form."""
        value = self.get(event)
        if value is None or (self.is_tuple and self.form.known.issuperset(value)):
            return
        form = self.form.as_logged if is_logged else self.form
        name = self.name
        try:
            if self.is_tuple:
                parts = []
                for number, text in enumerate(value):
                    name = f"{self.name}[{number}]"
                    parts.append(form(text))
                normal: Any = tuple(parts)
            else:
                normal = form(value)
        except ValueError as error:
            raise FaultError(f"{name} {error}.", name) from None
        if normal is not value:
            # Nobody else has the event yet; it is frozen for those who get it.
            force_setattr(event, self.name, normal)


class Checks:
    """Checks events and normalizes their texts in place. Not thread-safe: one instance per thread.

    ``are_new``: none of the events comes from a log, even if it has a ``recorded_at``.
    """

    def __init__(self, *, are_new: bool = False) -> None:
        self._are_new = are_new
        account, plain_id = _Form(names.normalize_account, names.is_legacy_account), _Form(names.validate_id, _never)
        self._hashtag = _Form(names.normalize_hashtag, names.is_legacy_hashtag)
        self._id, self._zone = plain_id, _Form(names.validate_time_zone, _never)
        forms = {
            **dict.fromkeys((Text.ATTENDEE, Text.CONFERENCE, Text.ORGANIZER, Text.PLACE), plain_id),
            Text.SOURCE: _Form(names.validate_source, _never),
            Text.ACCOUNT: account,
            Text.PERSON: _Form(names.normalize_person, names.is_legacy_account),
            Text.TIME_ZONE: self._zone,
            Text.TIME: _Form(_time, _never),
            # A declared hashtag must be one that people can type; in posts, whatever a network calls a hashtag is one.
            Text.HASHTAG: self._hashtag,
            Text.POSTED_HASHTAG: _Form(names.normalize_posted_hashtag, _never),
        }
        assert forms.keys() | _WITHOUT_FORM == set(Text)
        self._fields = {kind: _fields_of(kind, forms) for kind in KINDS}
        self._by_type: dict[type, Callable[[Any], None]] = {
            ConferenceOpened: self._check_opened,
            MatchAnswered: self._check_answered,
        }

    def check(self, event: Input) -> None:
        """Checks and normalizes one event. FaultError names the first wrong field."""
        kind, is_logged = type(event), self._is_logged(event)
        for each in self._fields[kind]:
            each.normalize(event, is_logged=is_logged)
        check_type = self._by_type.get(kind)
        if check_type is not None:
            check_type(event)

    def check_all(self, events: Sequence[Input]) -> None:
        """The same for many events; fast if most names were seen before."""
        for kind in set(map(type, events)):
            some = [event for event in events if type(event) is kind]
            if kind in self._by_type or not all(each.are_normal(some) for each in self._fields[kind]):
                for event in some:
                    self.check(event)

    def _is_logged(self, event: Input) -> bool:
        return event.recorded_at is not None and not self._are_new

    @staticmethod
    def _check_answered(event: MatchAnswered) -> None:
        if event.answer == "here" and event.place is None:
            raise FaultError("place is missing: an answer of here names a place.", "place")

    def _check_opened(self, opened: ConferenceOpened) -> None:
        for number, place in enumerate(opened.places):
            _apply(f"places[{number}].place", self._id, place.place)
        tag = self._hashtag.as_logged if self._is_logged(opened) else self._hashtag
        chats = [self._check_chat(chat, tag, f"chats[{number}]") for number, chat in enumerate(opened.chats)]
        force_setattr(opened, "chats", tuple(chats))
        if millis(opened.ends_at) < millis(opened.starts_at):
            raise FaultError("ends_at is before starts_at.", "ends_at")

    def _check_chat(self, chat: Chat, tag: Callable[[str], str], path: str) -> Chat:
        hashtag = f"{path}.hashtag"
        if chat.weekday is None and chat.start is None and chat.minutes is None and chat.time_zone is None:
            return replace(chat, hashtag=_apply(hashtag, tag, chat.hashtag))
        if chat.weekday is None or chat.start is None or chat.minutes is None or chat.time_zone is None:
            raise FaultError(f"{path}: weekday, start, minutes and time_zone go together, or none of them.", path)
        _apply(f"{path}.start", names.validate_clock, chat.start)
        _apply(f"{path}.time_zone", self._zone, chat.time_zone)
        return replace(chat, hashtag=_apply(hashtag, tag, chat.hashtag))


def _never(text: str) -> bool:
    return False


def _fields_of(kind: type[Event], forms: Mapping[Text, _Form]) -> list[_Field]:
    """The fields to check, in order, since the first fault is reported. Fields of nested Structs are left out."""
    found = [field for field in text_fields(kind) if "." not in field.name]
    found.sort(key=lambda field: (field.is_tuple, _ORDER[field.text], field.name))
    return [
        _Field(name, forms[text], attrgetter(name), is_tuple)
        for name, text, is_tuple in found
        if text is not None and text not in _WITHOUT_FORM
    ]


def _apply(field: str, form: Callable[[str], str], value: str) -> str:
    try:
        return form(value)
    except ValueError as error:
        raise FaultError(f"{field}: {shorten(value)} {error}.", field) from None


def _time(text: str) -> str:
    millis(text)
    return text
