"""Bytes <-> events: the one door through which an event is read or written.

Owns: what is accepted. A reject is a value with a reason for a person and the field at fault, never an exception.
May never: look beyond the event itself (who may say what is decided by those who ask the codec).
Theory: msgspec decodes and checks types in C; what it cannot check (normal forms, times, time zones) is checked here
field by field, and names seen before are recognised by one set look-up. The sets are bounded and emptied when full.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import force_setattr, replace

from schemas import names
from schemas.events import ActivityPosted, Chat, ConferenceOpened, Event, Input, MatchAnswered
from schemas.outputs import AnyOutput
from schemas.times import millis, written
from schemas.versions import UPCASTERS, Upcaster

EVENT_BYTES = 65_536  # the contract's bound for one event, without the newline
_SEEN_NAMES = 500_000  # about 60 MB of names; a conference has far fewer

OUTPUT_TYPES = frozenset({"match.suggested", "match.agreed", "match.located", "match.withdrawn"})


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


class _Fault(Exception):
    def __init__(self, reason: str, field: str | None) -> None:
        super().__init__(reason)
        self.reason, self.field = reason, field


class _Known:
    """Texts that are in normal form already, bounded."""

    def __init__(self, normal: Callable[[str], str]) -> None:
        self.normal = normal
        self.texts: set[str] = set()

    def __call__(self, text: str) -> str:
        if text in self.texts:
            return text
        normal = self.normal(text)
        if len(self.texts) >= _SEEN_NAMES:
            self.texts.clear()
        self.texts.add(normal)
        return normal


class Codec:
    """Decodes and encodes events. One instance is used by one thread."""

    def __init__(self, upcasters: Mapping[str, Upcaster] = UPCASTERS) -> None:
        self._decoder = msgspec.json.Decoder(Input)
        self._upcasters = upcasters
        self._account = _Known(names.account)
        self._hashtag = _Known(names.hashtag)
        plain = _Known(names.plain_id)
        self._checks: dict[str, Callable[[Any], Any]] = {
            "conference": plain,
            "attendee": plain,
            "place": plain,
            "organizer": plain,
            "source": _Known(names.source),
            "blocked": _Known(names.person),
            "account": self._account,
            "actor": self._account,
            "reply_to": self._account,
            "repost_of": self._account,
            "accounts": self._each(self._account),
            "mentions": self._each(self._account),
            "hashtags": self._each(self._hashtag),
            "time_zone": _Known(names.time_zone),
            "starts_at": _time,
            "ends_at": _time,
        }
        self._plans: dict[type[Event], tuple[tuple[str, Callable[[Any], Any]], ...]] = {}

    def decode(self, line: bytes) -> Record | Reject:
        """One event of at most 65,536 bytes."""
        try:
            return self._decode(line)
        except _Fault as fault:
            return Reject(fault.reason, fault.field, line)

    def decode_all(self, block: bytes) -> list[Record] | None:
        """The events of whole lines as fast as it goes; None when one of them is bad (then ``decode`` each)."""
        if len(block) > EVENT_BYTES:
            return None  # one of them may be too long
        try:
            return [self._checked(event) for event in self._decoder.decode_lines(block)]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, _Fault):
            return None

    def _decode(self, line: bytes) -> Record:
        if len(line) > EVENT_BYTES:
            raise _Fault(f"The event has {len(line):,} bytes; at most {EVENT_BYTES:,} are taken.", None)
        try:
            return self._checked(self._decoder.decode(line))
        except msgspec.ValidationError as error:
            return self._checked(self._older(line, error))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _Fault(f"This is not JSON in UTF-8: {error}.", None) from None
        except RecursionError:
            raise _Fault("The JSON is nested too deeply.", None) from None

    def _older(self, line: bytes, error: msgspec.ValidationError) -> Input:
        """The event of an older version, brought to today's form; otherwise the fault that msgspec found."""
        try:
            raw = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise _explained({}, None, error) from None
        kind = raw.get("type") if isinstance(raw, dict) else None
        upcast = self._upcasters.get(kind) if isinstance(kind, str) else None
        if upcast is None:
            raise _explained(raw, kind, error) from None
        try:
            event: Input = msgspec.convert(upcast(raw), Input)
        except msgspec.ValidationError as newer:
            raise _explained(raw, kind, newer) from None
        return event

    def _checked(self, event: Input) -> Record:
        try:
            at = millis(event.at)
            recorded = None if event.recorded_at is None else millis(event.recorded_at)
        except ValueError as error:
            field = "recorded_at" if _is_time(event.at) else "at"
            raise _Fault(f"{field} {error}.", field) from None
        if type(event) is ActivityPosted:
            self._check_post(event)
        else:
            self._check(event)
        return Record(event, at, recorded)

    def _check_post(self, post: ActivityPosted) -> None:
        # Nearly every post is made of names seen before: a handful of set look-ups decide it.
        known = self._account.texts
        if (
            post.actor in known
            and known.issuperset(post.mentions)
            and self._hashtag.texts.issuperset(post.hashtags)
            and (post.reply_to is None or post.reply_to in known)
            and (post.repost_of is None or post.repost_of in known)
            and post.source is None
            and post.conference in self._checks["conference"].texts  # type: ignore[attr-defined]
        ):
            return
        self._check(post)

    def _check(self, event: Input) -> None:
        kind = type(event)
        plan = self._plans.get(kind)
        if plan is None:
            checks = ((name, self._checks.get(name)) for name in kind.__struct_fields__)
            plan = self._plans[kind] = tuple((name, check) for name, check in checks if check is not None)
        for name, check in plan:
            value = getattr(event, name)
            if value is None:
                continue
            try:
                normal = check(value)
            except ValueError as error:
                raise _Fault(f"{name} {error}.", name) from None
            if normal is not value:
                # The event is still ours alone; frozen is for those who get it.
                force_setattr(event, name, normal)
        if isinstance(event, ConferenceOpened):
            self._check_opened(event)
        elif isinstance(event, MatchAnswered) and event.answer == "here" and event.place is None:
            raise _Fault("place is missing: an answer of here names a place.", "place")

    def _check_opened(self, opened: ConferenceOpened) -> None:
        for place in opened.places:
            self._named("places", self._checks["place"], place.place)
        force_setattr(opened, "chats", tuple(self._chat(chat) for chat in opened.chats))
        if millis(opened.ends_at) < millis(opened.starts_at):
            raise _Fault("ends_at is before starts_at.", "ends_at")

    def _chat(self, chat: Chat) -> Chat:
        window = (chat.weekday, chat.start, chat.minutes, chat.time_zone)
        if any(part is None for part in window):
            if any(part is not None for part in window):
                raise _Fault("chats: weekday, start, minutes and time_zone go together, or none of them.", "chats")
        else:
            self._named("chats", names.clock, chat.start)
            self._named("chats", self._checks["time_zone"], chat.time_zone)
        return replace(chat, hashtag=self._named("chats", self._hashtag, chat.hashtag))

    @staticmethod
    def _named(field: str, check: Callable[[Any], Any], value: Any) -> Any:
        try:
            return check(value)
        except ValueError as error:
            raise _Fault(f"{field}: {value!r} {error}.", field) from None

    @staticmethod
    def _each(check: Callable[[str], str]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
        def checked(values: tuple[str, ...]) -> tuple[str, ...]:
            normal = tuple(check(value) for value in values)
            return values if normal == values else normal

        return checked


def _time(text: str) -> str:
    millis(text)
    return text


def _is_time(text: str) -> bool:
    try:
        millis(text)
    except ValueError:
        return False
    return True


def _explained(raw: object, kind: object, error: msgspec.ValidationError) -> _Fault:
    """What msgspec found, in words for a person."""
    if not isinstance(raw, dict):
        return _Fault("An event is a JSON object.", None)
    if kind in OUTPUT_TYPES:
        return _Fault(f"{kind} is put out by the matcher and not taken in.", "type")
    said, _, path = str(error).partition(" - at `$.")
    field = path.rstrip("`").split(".")[0].split("[")[0] or None
    if field is None and "required field" in said:
        field = said.split("`")[1]
    if field == "type" or (field is None and "type" not in raw):
        return _Fault(f"The type {kind!r} is not known." if "type" in raw else "type is missing.", "type")
    return _Fault(f"{field or 'The event'}: {said}.", field)


_ENCODER = msgspec.json.Encoder()


def encode(event: Input) -> bytes:
    """An event as one JSON object, its times in the form in which they are kept."""
    times = {"at": written(millis(event.at))}
    if event.recorded_at is not None:
        times["recorded_at"] = written(millis(event.recorded_at))
    return _ENCODER.encode(replace(event, **times))


def encode_output(output: AnyOutput | Struct) -> bytes:
    """An output, a tie or a dead letter as one JSON object."""
    return _ENCODER.encode(output)
