"""What an event says, field by field: names in normal form, times that are times, what belongs together.

Owns: which texts are accepted in which field, and their normal form. May never: look beyond the event itself, or at its
JSON, or refuse in a log what an earlier version took: a name that has no normal form today stays there as it is.
Theory: msgspec has checked the types in C; names seen before are recognised by set look-ups, for many events at
once without a step of Python for each. The sets are bounded and emptied when full.
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
from schemas.faults import FaultError, short
from schemas.times import millis

_ORDER: dict[Text | None, int] = {text: number for number, text in enumerate(Text)}
# Whatever they say; or the codec, or the rules of a type below, look at them.
_WITHOUT_FORM = frozenset({Text.EVENT_ID, Text.POST_ID, Text.MATCH_ID, Text.STAMP, Text.CLOCK, Text.TITLE, Text.METHOD})
_KNOWN_NAMES = 500_000  # about 60 MB of names; a conference has far fewer


@dataclass(slots=True)
class _Form:
    """A form of texts: how one becomes normal, and those known to be (bounded; None, for fields that may be absent)."""

    normal: Callable[[str], str]
    is_kept: Callable[[str], bool]  # whether a log may hold it though it has no normal form
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
        """The same; what an earlier version took has stayed in the log."""
        try:
            return self(text)
        except ValueError:
            if self.is_kept(text):
                return text
            raise

    def fits(self, texts: Collection[str | None]) -> bool:
        """Whether all of them are normal as they are."""
        if self.known.issuperset(texts):
            return True
        try:
            return all(self(text) == text for text in set(texts).difference(self.known) if text is not None)
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of texts: one, or a tuple of them."""

    name: str
    form: _Form
    get: Callable[[Any], Any]
    is_tuple: bool

    def fits(self, events: Sequence[Input]) -> bool:
        """Whether it is normal in all of them."""
        found = map(self.get, events)
        return self.form.fits(list(chain.from_iterable(found) if self.is_tuple else found))

    def normalise(self, event: Input, *, is_logged: bool) -> None:
        """FaultError when there is no normal form."""
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
            # The event is still ours alone; frozen is for those who get it.
            force_setattr(event, self.name, normal)


class Checks:
    """Checks events, and brings their texts to normal form in place. One instance is used by one thread.

    ``are_new``: none of them is out of a log, whatever its ``recorded_at`` says.
    """

    def __init__(self, *, are_new: bool = False) -> None:
        self._are_new = are_new
        account, plain_id = _Form(names.account, names.is_kept_account), _Form(names.plain_id, _never)
        self._hashtag = _Form(names.hashtag, names.is_kept_hashtag)
        self._id, self._zone = plain_id, _Form(names.time_zone, _never)
        forms = {
            **dict.fromkeys((Text.ATTENDEE, Text.CONFERENCE, Text.ORGANIZER, Text.PLACE), plain_id),
            Text.SOURCE: _Form(names.source, _never),
            Text.ACCOUNT: account,
            Text.PERSON: _Form(names.person, names.is_kept_account),
            Text.TIME_ZONE: self._zone,
            Text.TIME: _Form(_time, _never),
            # What is declared must be such that people can write it; what a network calls a hashtag is one.
            Text.HASHTAG: self._hashtag,
            Text.POSTED_HASHTAG: _Form(names.any_hashtag, _never),
        }
        assert forms.keys() | _WITHOUT_FORM == set(Text)
        self._fields = {kind: _fields_of(kind, forms) for kind in KINDS}
        self._particular: dict[type, Callable[[Any], None]] = {
            ConferenceOpened: self._opened,
            MatchAnswered: self._answered,
        }

    def one(self, event: Input) -> None:
        """FaultError with the first field that is wrong."""
        kind, is_logged = type(event), self._is_logged(event)
        for each in self._fields[kind]:
            each.normalise(event, is_logged=is_logged)
        particular = self._particular.get(kind)
        if particular is not None:
            particular(event)

    def all(self, events: Sequence[Input]) -> None:
        """The same of many at once; fast where most names were seen before."""
        for kind in set(map(type, events)):
            some = [event for event in events if type(event) is kind]
            if kind in self._particular or not all(each.fits(some) for each in self._fields[kind]):
                for event in some:
                    self.one(event)

    def _is_logged(self, event: Input) -> bool:
        return event.recorded_at is not None and not self._are_new

    @staticmethod
    def _answered(event: MatchAnswered) -> None:
        if event.answer == "here" and event.place is None:
            raise FaultError("place is missing: an answer of here names a place.", "place")

    def _opened(self, opened: ConferenceOpened) -> None:
        for number, place in enumerate(opened.places):
            _named(f"places[{number}].place", self._id, place.place)
        tag = self._hashtag.as_logged if self._is_logged(opened) else self._hashtag
        chats = [self._chat(chat, tag, f"chats[{number}]") for number, chat in enumerate(opened.chats)]
        force_setattr(opened, "chats", tuple(chats))
        if millis(opened.ends_at) < millis(opened.starts_at):
            raise FaultError("ends_at is before starts_at.", "ends_at")

    def _chat(self, chat: Chat, tag: Callable[[str], str], path: str) -> Chat:
        hashtag = f"{path}.hashtag"
        if chat.weekday is None and chat.start is None and chat.minutes is None and chat.time_zone is None:
            return replace(chat, hashtag=_named(hashtag, tag, chat.hashtag))
        if chat.weekday is None or chat.start is None or chat.minutes is None or chat.time_zone is None:
            raise FaultError(f"{path}: weekday, start, minutes and time_zone go together, or none of them.", path)
        _named(f"{path}.start", names.clock, chat.start)
        _named(f"{path}.time_zone", self._zone, chat.time_zone)
        return replace(chat, hashtag=_named(hashtag, tag, chat.hashtag))


def _never(text: str) -> bool:
    return False


def _fields_of(kind: type[Event], forms: Mapping[Text, _Form]) -> list[_Field]:
    """In the order in which they are looked at; the first fault is reported. What is inside a Struct has no field."""
    found = [field for field in text_fields(kind) if "." not in field.name]
    found.sort(key=lambda field: (field.is_tuple, _ORDER[field.text], field.name))
    return [
        _Field(name, forms[text], attrgetter(name), is_tuple)
        for name, text, is_tuple in found
        if text is not None and text not in _WITHOUT_FORM
    ]


def _named(field: str, form: Callable[[str], str], value: str) -> str:
    try:
        return form(value)
    except ValueError as error:
        raise FaultError(f"{field}: {short(value)} {error}.", field) from None


def _time(text: str) -> str:
    millis(text)
    return text
