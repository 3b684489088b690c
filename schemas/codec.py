"""Bytes <-> events: the one door through which an event is read or written.

Owns: what is accepted. A reject is a value with a reason for a person and the field at fault, never an exception.
May never: look beyond the event itself (who may say what is decided by those who ask the codec).
Theory: msgspec decodes and checks types in C; what it cannot check (normal forms, times, time zones) ``checks`` does.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from schemas.checks import Checks
from schemas.events import Input
from schemas.faults import FaultError, explained, field_of
from schemas.outputs import AnyOutput
from schemas.times import is_written, millis, written
from schemas.versions import UPCASTERS, Upcaster

EVENT_BYTES = 65_536  # the contract's bound for one event, without the newline


class Record(Struct, frozen=True, gc=False):
    """A good event, with its times in milliseconds. ``recorded`` is None where the event has no ``recorded_at``."""

    event: Input
    at: int
    recorded: int | None


class Reject(Struct, frozen=True, gc=False):
    """Bytes that are no event: the reason for a person, and the field at fault where there is one.

    ``conference``: which its sender may speak for, and that it names.
    """

    reason: str
    field: str | None
    line: bytes
    conference: str | None = None


class Codec:
    """Decodes and encodes events. One instance is used by one thread.

    ``from_outside``: for what senders say, who may write a ``recorded_at`` too; other events that have one are a log's.
    """

    def __init__(self, upcasters: Mapping[str, Upcaster] = UPCASTERS, *, from_outside: bool = False) -> None:
        self._decoder = msgspec.json.Decoder(Input)
        self._upcasters = upcasters
        self._checks = Checks(are_new=from_outside)

    def decode(self, line: bytes) -> Record | Reject:
        """One event of at most 65,536 bytes."""
        try:
            return self._decode(line)
        except FaultError as fault:
            return Reject(fault.reason, fault.field, line)

    def decode_all(self, block: bytes) -> list[Record] | None:
        """The events of whole lines as fast as it goes; None when one of them is bad (then ``decode`` each)."""
        return self._at_once(block.removesuffix(b"\n").split(b"\n"))

    def decode_each(self, lines: Sequence[bytes]) -> list[Record | Reject]:
        """Of each line its event, or what is wrong with it; as fast as it goes."""
        found: Sequence[Record | Reject] | None = self._at_once(lines)
        return [self.decode(line) for line in lines] if found is None else list(found)

    def _at_once(self, lines: Sequence[bytes]) -> list[Record] | None:
        if max(map(len, lines), default=0) > EVENT_BYTES:
            return None
        try:
            events = list(map(self._decoder.decode, lines))
            self._checks.all(events)
            return [_timed(event) for event in events]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, FaultError, ValueError):
            return None

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
        self._checks.one(event)
        try:
            return _timed(event)
        except ValueError as error:
            field = "recorded_at" if _is_time(event.at) else "at"
            raise FaultError(f"{field} {error}.", field) from None


def _timed(event: Input) -> Record:
    recorded_at = event.recorded_at
    return Record(event, millis(event.at), None if recorded_at is None else millis(recorded_at))


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


def kind_of(event: Struct) -> str:
    """The ``type`` of an event or an output."""
    return str(event.__struct_config__.tag)
