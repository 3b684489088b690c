"""Bytes <-> events: the only place where events are decoded and encoded.

Responsibility: what is a valid event. A reject is a value, never an exception: a reason for people, and the wrong
field.
Invariants: only the event itself is looked at. Who may send what is decided by the callers.
Why: msgspec decodes and checks types in C; ``checks`` does what it cannot: normal forms, times, time zones.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from schemas.checks import Checks
from schemas.events import Input
from schemas.faults import FaultError, explain, field_of
from schemas.outputs import AnyOutput
from schemas.times import format_time, is_written, millis
from schemas.versions import UPCASTERS, Upcaster

EVENT_BYTES = 65_536  # the contract's bound for one event, without the newline


class Record(Struct, frozen=True, gc=False):
    """A valid event, with its times in ms since 1970. ``recorded``: its ``recorded_at``, or None."""

    event: Input
    at: int
    recorded: int | None


class Reject(Struct, frozen=True, gc=False):
    """Bytes that are not a valid event: the reason, for people, and the wrong field if it is one field.

    ``conference``: the one that the bytes name, if their sender may send events of it.
    """

    reason: str
    field: str | None
    line: bytes
    conference: str | None = None


class Codec:
    """Decodes events. Not thread-safe: one instance per thread.

    ``from_outside``: events come from senders, who may also set ``recorded_at``. Otherwise it marks events of a log.
    """

    def __init__(self, upcasters: Mapping[str, Upcaster] = UPCASTERS, *, from_outside: bool = False) -> None:
        self._decoder = msgspec.json.Decoder(Input)
        self._upcasters = upcasters
        self._checks = Checks(are_new=from_outside)

    def decode(self, line: bytes) -> Record | Reject:
        """Decodes one event of at most 65,536 bytes."""
        try:
            return self._decode(line)
        except FaultError as fault:
            return Reject(fault.reason, fault.field, line)

    def examine(self, event: Input) -> Record | Reject:
        """Validates an event that this process made as if it were from outside, without making a line of it."""
        raw = msgspec.to_builtins(event)
        try:
            return self._check(msgspec.convert(raw, Input))
        except msgspec.ValidationError as error:
            fault = explain(raw, kind_of(event), error)
        except FaultError as found:
            fault = found
        return Reject(fault.reason, fault.field, encode(event))

    def decode_all(self, block: bytes) -> list[Record] | None:
        """Decodes a block of whole lines, fast. None if one of them is invalid; then ``decode`` each."""
        return self._decode_valid(block.removesuffix(b"\n").split(b"\n"))

    def decode_each(self, lines: Sequence[bytes]) -> list[Record | Reject]:
        """Decodes each line to an event or a reject; fast if all are valid."""
        found: Sequence[Record | Reject] | None = self._decode_valid(lines)
        return [self.decode(line) for line in lines] if found is None else list(found)

    def _decode_valid(self, lines: Sequence[bytes]) -> list[Record] | None:
        if max(map(len, lines), default=0) > EVENT_BYTES:
            return None
        try:
            events = list(map(self._decoder.decode, lines))
            self._checks.check_all(events)
            return [_add_times(event) for event in events]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, FaultError, ValueError):
            return None

    def _decode(self, line: bytes) -> Record:
        if len(line) > EVENT_BYTES:
            raise FaultError(f"The event has {len(line):,} bytes; at most {EVENT_BYTES:,} are accepted.", None)
        try:
            return self._check(self._decoder.decode(line))
        except msgspec.ValidationError as error:
            return self._check(self._upcast(line, error))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise FaultError(f"This is not JSON in UTF-8: {error}.", None) from None
        except RecursionError:
            raise FaultError("The JSON is nested too deeply.", None) from None

    def _upcast(self, line: bytes, error: msgspec.ValidationError) -> Input:
        """Upcasts an event of an older version. Raises the fault that msgspec found if it is not one."""
        try:
            raw = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # msgspec stops at the first fault; the text after it may not be JSON at all.
            said = str(error).partition(" - at `$")[0]
            raise FaultError(f"{field_of(error) or 'The event'}: {said}.", field_of(error)) from None
        kind = raw.get("type") if isinstance(raw, dict) else None
        upcast = self._upcasters.get(kind) if isinstance(kind, str) else None
        if upcast is None:
            raise explain(raw, kind, error) from None
        try:
            current = upcast(raw)
        except (KeyError, AttributeError, TypeError, ValueError):
            raise FaultError(
                f"{kind} is an older event type; one of its required fields is missing or wrong.", None
            ) from None
        try:
            event: Input = msgspec.convert(current, Input)
        except msgspec.ValidationError as newer:
            raise explain(current, current.get("type"), newer) from None
        return event

    def _check(self, event: Input) -> Record:
        self._checks.check(event)
        try:
            return _add_times(event)
        except ValueError as error:
            field = "recorded_at" if _is_time(event.at) else "at"
            raise FaultError(f"{field} {error}.", field) from None


def _add_times(event: Input) -> Record:
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
    """An event as one JSON object, with its times in Hallway's form."""
    if event.recorded_at is None and is_written(event.at):
        return _ENCODER.encode(event)
    times = {"at": format_time(millis(event.at))}
    if event.recorded_at is not None:
        times["recorded_at"] = format_time(millis(event.recorded_at))
    return _ENCODER.encode(replace(event, **times))


def encode_output(output: AnyOutput | Struct) -> bytes:
    """An output, a tie or a dead letter as one JSON object."""
    return _ENCODER.encode(output)


def kind_of(event: Struct) -> str:
    """The ``type`` of an event or an output."""
    return str(event.__struct_config__.tag)
