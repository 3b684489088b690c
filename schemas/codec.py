"""Bytes <-> events: the one door through which an event is read or written.

Owns: what is accepted. A reject is a value with a reason for a person and the field at fault, never an exception.
May never: look beyond the event itself (who may say what is decided by those who ask the codec).
Theory: msgspec decodes and checks types in C; what it cannot check (normal forms, times, time zones) is checked here
field by field, and names seen before are recognised by one set look-up. The sets are bounded and emptied when full.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import force_setattr, replace

from schemas import names
from schemas.events import ActivityPosted, AttendeeRegistered, Chat, ConferenceOpened, Event, Input, MatchAnswered
from schemas.faults import FaultError, explained, field_of, short
from schemas.outputs import AnyOutput
from schemas.times import is_written, millis, written
from schemas.versions import UPCASTERS, Upcaster

EVENT_BYTES = 65_536  # the contract's bound for one event, without the newline
_KNOWN_NAMES = 500_000  # about 60 MB of names; a conference has far fewer


class Record(Struct, frozen=True, gc=False):
    """A good event, with its times in milliseconds. ``recorded`` is None where the event has no ``recorded_at``."""

    event: Input
    at: int
    recorded: int | None


class Reject(Struct, frozen=True, gc=False):
    """Bytes that are no event: the reason for a person, and the field at fault where there is one."""

    reason: str
    field: str | None
    line: bytes


@dataclass(slots=True)
class _Form:
    """A form of texts: how one becomes normal, and those known to be (bounded; None, for fields that may be absent)."""

    normal: Callable[[str], str]
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


# What one form checks of one type of event: the fields, and how to get them all at once as a tuple.
_Group = tuple[Callable[[Any], tuple[Any, ...]], _Form, tuple[str, ...]]


class Codec:
    """Decodes and encodes events. One instance is used by one thread."""

    def __init__(self, upcasters: Mapping[str, Upcaster] = UPCASTERS) -> None:
        self._decoder = msgspec.json.Decoder(Input)
        self._upcasters = upcasters
        self._account, self._hashtag = _Form(names.account), _Form(names.hashtag)
        self._id, self._zone = _Form(names.plain_id), _Form(names.time_zone)
        self._source = _Form(names.source)
        rest: dict[type[Event], Callable[[Any], None]] = {
            ActivityPosted: self._post,
            AttendeeRegistered: self._registered,
            ConferenceOpened: self._opened,
            MatchAnswered: self._answered,
        }
        self._plans = {kind: (self._groups_of(set(kind.__struct_fields__)), rest.get(kind)) for kind in get_args(Input)}

    def _groups_of(self, fields: set[str]) -> list[_Group]:
        forms = (
            (self._id, {"conference", "attendee", "place", "organizer"}),
            (self._source, {"source"}),
            (self._account, {"account", "actor", "reply_to", "repost_of"}),
            (_Form(names.person), {"blocked"}),
            (self._zone, {"time_zone"}),
            (_Form(_time), {"starts_at", "ends_at"}),
        )
        groups: list[_Group] = []
        for form, of_form in forms:
            found = tuple(sorted(fields & of_form))
            if found:
                # Of a single name attrgetter gives no tuple; named twice it does.
                groups.append((attrgetter(*found, *found[-1:]), form, found))
        return groups

    def decode(self, line: bytes) -> Record | Reject:
        """One event of at most 65,536 bytes."""
        try:
            return self._decode(line)
        except FaultError as fault:
            return Reject(fault.reason, fault.field, line)

    def decode_all(self, block: bytes) -> list[Record] | None:
        """The events of whole lines as fast as it goes; None when one of them is bad (then ``decode`` each)."""
        if len(block) > EVENT_BYTES:
            return None  # one of them may be too long
        try:
            events = self._decoder.decode_lines(block)
            # msgspec splits by value. That is by line where all lines are `{...}` and there are as many of them as
            # events.
            ends = block.count(b"\n") - block.endswith(b"\n")
            if not ends == block.count(b"}\n{") == len(events) - 1:
                return None
            return [self._checked(event) for event in events]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, FaultError):
            return None

    def decode_each(self, lines: Sequence[bytes]) -> list[Record | Reject]:
        """Of each line its event, or what is wrong with it; as fast as it goes."""
        found: Sequence[Record | Reject] | None = self.decode_all(b"\n".join(lines))
        return [self.decode(line) for line in lines] if found is None else list(found)

    def _decode(self, line: bytes) -> Record:
        if len(line) > EVENT_BYTES:
            raise FaultError(f"The event has {len(line):,} bytes; at most {EVENT_BYTES:,} are taken.", None)
        try:
            return self._checked(self._decoder.decode(line))
        except msgspec.ValidationError as error:
            return self._checked(self._older(line, error))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise FaultError(f"This is not JSON in UTF-8: {error}.", None) from None
        except RecursionError:
            raise FaultError("The JSON is nested too deeply.", None) from None

    def _older(self, line: bytes, error: msgspec.ValidationError) -> Input:
        """The event of an older version, brought to today's form; otherwise the fault that msgspec found."""
        try:
            raw = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # msgspec stops at the first fault; behind it the text may be no JSON at all.
            said = str(error).partition(" - at `$")[0]
            raise FaultError(f"{field_of(error) or 'The event'}: {said}.", field_of(error)) from None
        kind = raw.get("type") if isinstance(raw, dict) else None
        upcast = self._upcasters.get(kind) if isinstance(kind, str) else None
        if upcast is None:
            raise explained(raw, kind, error) from None
        try:
            today = upcast(raw)
        except (KeyError, AttributeError, TypeError, ValueError):
            raise FaultError(
                f"{kind}, an older event, lacks a field that it needs, or has a wrong one.", None
            ) from None
        try:
            event: Input = msgspec.convert(today, Input)
        except msgspec.ValidationError as newer:
            raise explained(today, today.get("type"), newer) from None
        return event

    def _checked(self, event: Input) -> Record:
        groups, rest = self._plans[type(event)]
        for get, form, fields in groups:
            if not form.known.issuperset(get(event)):
                for name in fields:
                    self._normalise(event, name, form)
        if rest is not None:
            rest(event)
        try:
            at = millis(event.at)
            recorded_at = event.recorded_at
            return Record(event, at, None if recorded_at is None else millis(recorded_at))
        except ValueError as error:
            field = "recorded_at" if _is_time(event.at) else "at"
            raise FaultError(f"{field} {error}.", field) from None

    def _post(self, event: ActivityPosted) -> None:
        # Nearly every name was seen before: a set look-up each decides it.
        if not self._account.known.issuperset(event.mentions):
            self._normalise_all(event, "mentions", self._account)
        if not self._hashtag.known.issuperset(event.hashtags):
            self._normalise_all(event, "hashtags", self._hashtag)

    def _registered(self, event: AttendeeRegistered) -> None:
        self._normalise_all(event, "accounts", self._account)

    @staticmethod
    def _answered(event: MatchAnswered) -> None:
        if event.answer == "here" and event.place is None:
            raise FaultError("place is missing: an answer of here names a place.", "place")

    @staticmethod
    def _normalise(event: Input, name: str, form: _Form) -> None:
        value = getattr(event, name)
        if value is not None:
            try:
                normal = form(value)
            except ValueError as error:
                raise FaultError(f"{name} {error}.", name) from None
            if normal is not value:
                # The event is still ours alone; frozen is for those who get it.
                force_setattr(event, name, normal)

    @staticmethod
    def _normalise_all(event: Input, name: str, form: _Form) -> None:
        values = getattr(event, name)
        try:
            force_setattr(event, name, tuple([form(value) for value in values]))
        except ValueError as error:
            raise FaultError(f"{name} {error}.", name) from None

    def _opened(self, opened: ConferenceOpened) -> None:
        self._normalise_all(opened, "hashtags", self._hashtag)
        for place in opened.places:
            _named("places", self._id, place.place)
        force_setattr(opened, "chats", tuple([self._chat(chat) for chat in opened.chats]))
        if millis(opened.ends_at) < millis(opened.starts_at):
            raise FaultError("ends_at is before starts_at.", "ends_at")

    def _chat(self, chat: Chat) -> Chat:
        if chat.weekday is None and chat.start is None and chat.minutes is None and chat.time_zone is None:
            return replace(chat, hashtag=_named("chats", self._hashtag, chat.hashtag))
        if chat.weekday is None or chat.start is None or chat.minutes is None or chat.time_zone is None:
            raise FaultError("chats: weekday, start, minutes and time_zone go together, or none of them.", "chats")
        _named("chats", names.clock, chat.start)
        _named("chats", self._zone, chat.time_zone)
        return replace(chat, hashtag=_named("chats", self._hashtag, chat.hashtag))


def _named(field: str, form: Callable[[str], str], value: str) -> str:
    try:
        return form(value)
    except ValueError as error:
        raise FaultError(f"{field}: {short(value)} {error}.", field) from None


def _time(text: str) -> str:
    millis(text)
    return text


def _is_time(text: str) -> bool:
    try:
        millis(text)
    except ValueError:
        return False
    return True


_ENCODER = msgspec.json.Encoder()


def encode(event: Input) -> bytes:
    """An event as one JSON object, its times in the form in which they are kept."""
    if event.recorded_at is None and is_written(event.at):
        return _ENCODER.encode(event)
    times = {"at": written(millis(event.at))}
    if event.recorded_at is not None:
        times["recorded_at"] = written(millis(event.recorded_at))
    return _ENCODER.encode(replace(event, **times))


def encode_output(output: AnyOutput | Struct) -> bytes:
    """An output, a tie or a dead letter as one JSON object."""
    return _ENCODER.encode(output)
