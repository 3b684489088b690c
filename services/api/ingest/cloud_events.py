"""Decodes CloudEvents into event lines: structured mode (JSON, single or batch) and binary mode (``ce-`` headers).

Invariants: a CloudEvent's id is unique only within its ``source``, so the source is put before it, except for posts,
whose ids are their network's. An invalid CloudEvent becomes a Reject with the reason and the original bytes.
Source: CloudEvents 1.0.2, its JSON format (3.1: ``data``, ``data_base64``) and HTTP binding (3.1: binary mode).
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote

import msgspec

from schemas.codec import Reject
from schemas.events import ActivityPosted, name_of

_SOURCE_CHARS = 128
_POSTED = name_of(ActivityPosted)
_OBJECT = msgspec.json.Decoder(dict[str, Any])
_FAULTS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_PREFIX = "ce-"
_PREFIXED = frozenset(_PREFIX + name for name in ("specversion", "type", "id", "source"))
_VERSION = "1.0"


def is_binary(headers: Mapping[str, str]) -> bool:
    """Whether the body of a request with these headers (lower case) is a CloudEvent's data alone."""
    return not _PREFIXED.isdisjoint(headers)


def decode_structured(envelope: bytes) -> bytes | Reject:
    """The event of one JSON object."""
    try:
        outer = _OBJECT.decode(envelope)
    except _FAULTS:
        return envelope  # the codec says what is wrong
    if "specversion" not in outer:
        detail = "This is not a CloudEvent: specversion is missing. Add it, or send the event as application/json."
        return Reject(detail, None, envelope)
    return _event(outer, _data(outer), envelope)


def unmarked(line: bytes) -> bytes | Reject:
    """A line that was sent as plain JSON; a Reject, where it is a CloudEvent."""
    if b'"specversion"' not in line:
        return line
    try:
        is_cloud_event = "specversion" in _OBJECT.decode(line)
    except _FAULTS:
        return line
    if not is_cloud_event:
        return line
    said = "This is a CloudEvent. Send it with Content-Type: application/cloudevents+json, a list of them with "
    return Reject(f"{said}application/cloudevents-batch+json.", "specversion", line)


def decode_binary(headers: Mapping[str, str], body: bytes) -> bytes | Reject:
    """The event of a request with ``ce-`` headers: its body is the data."""
    names = ("specversion", "type", "id", "source", "time")
    outer = {name: unquote(headers[_PREFIX + name]) for name in names if _PREFIX + name in headers}
    try:
        data: dict[str, Any] | str = _OBJECT.decode(body)
    except _FAULTS:
        data = "The body of a CloudEvent in binary mode is its data, a JSON object."
    return _event(outer, data, body)


def _data(outer: dict[str, Any]) -> dict[str, Any] | str:
    """The data, or a sentence on what is wrong with it."""
    media = outer.get("datacontenttype", "application/json")
    if not isinstance(media, str) or "json" not in media.partition(";")[0].lower():
        return f"The data of a CloudEvent is JSON here, and datacontenttype says {str(media)[:60]!r}."
    data = outer.get("data")
    packed = outer.get("data_base64")
    if packed is not None and data is not None:
        return "A CloudEvent has data or data_base64, not both."
    try:
        if isinstance(packed, str):
            data = b64decode(packed, validate=True)
        found = _OBJECT.decode(data) if isinstance(data, str | bytes) else data
    except Base64Error:
        return "The CloudEvent's data_base64 is not base64."
    except _FAULTS:
        found = None
    return found if isinstance(found, dict) else "The CloudEvent has no data, or data that is no JSON object."


def _event(outer: Mapping[str, Any], data: dict[str, Any] | str, raw: bytes) -> bytes | Reject:
    version, source = outer.get("specversion"), outer.get("source")
    if version != _VERSION:
        said = "is missing" if version is None else f"says {str(version)[:20]!r}"
        return Reject(f"CloudEvents are of version {_VERSION} here, and specversion {said}.", "specversion", raw)
    if "source" in outer and not (isinstance(source, str) and source):
        return Reject("The CloudEvent's source is not a text: its ids could not be told apart.", "source", raw)
    if isinstance(data, str):
        return Reject(f"{data} Put the event's own fields, such as conference and attendee, there.", "data", raw)
    stand_ins = {"type": outer.get("type"), "id": outer.get("id"), "at": outer.get("time")}
    event = {name: value for name, value in stand_ins.items() if value is not None} | data
    if event.get("type") != _POSTED and isinstance(event.get("id"), str) and isinstance(source, str):
        event["id"] = f"{_short(source)} {event['id']}"
    if "at" not in event:
        return Reject("The CloudEvent has no time, and its data no at. Say when it happened.", "at", raw)
    try:
        return msgspec.json.encode(event)
    except UnicodeEncodeError:  # half of a surrogate pair
        return raw


def _short(source: str) -> str:
    """The source, digested where it is long, so that it fits before an id of 383 characters."""
    return source if len(source) <= _SOURCE_CHARS else blake2b(source.encode("utf-8", "surrogatepass")).hexdigest()
