"""Bodies of ``POST /v1/events`` -> events as lines: JSON (one or an array), JSONL, CloudEvents (one or a batch).

Owns: the forms. May never: judge an event; what is wrong with one is found by the codec.
Theory: the bytes of each event stay as they came, so that a dead letter has them. A CloudEvent's ``data`` is the event;
``type``, ``id`` and ``time`` stand in for what it lacks. An id is one of its ``source`` alone, so but for posts, whose
ids are their network's, the source stands before it. Source: CloudEvents 1.0, JSON format.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from schemas.events import ActivityPosted
from services.gateway.problems import ProblemError

JSON, JSONL = "application/json", "application/x-ndjson"
CLOUD, CLOUD_BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
MEDIA_TYPES = (JSON, JSONL, "application/jsonl", CLOUD, CLOUD_BATCH)

_SOURCE_CHARS = 128
_POSTED = str(ActivityPosted.__struct_config__.tag)

_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT = msgspec.json.Decoder(dict[str, Any])


def lines_of(body: bytes, content_type: str, most: int) -> list[bytes]:
    """The events of a body, each as it came. ProblemError for what is no list of events at all."""
    media, _, parameters = content_type.partition(";")
    media = media.strip().lower() or JSON
    charset = parameters.lower().partition("charset=")[2].strip(' "').partition(";")[0]
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise ProblemError(415, "charset", "Events are in UTF-8. Send them so, and say charset=utf-8 or nothing.")
    if media not in MEDIA_TYPES:
        raise ProblemError(415, "media-type", f"Events come as one of: {', '.join(MEDIA_TYPES)}. Set Content-Type.")
    lines = _split(body, media)
    if len(lines) > most:
        raise ProblemError(413, "too-many", f"{len(lines):,} events at once; send at most {most} in a request.")
    if not lines:
        raise ProblemError(400, "empty", "There is no event in the body. Send at least one.")
    return lines


def _split(body: bytes, media: str) -> list[bytes]:
    if media in (JSONL, "application/jsonl"):
        lines = body.split(b"\n")
        return lines[:-1] if lines[-1].strip() == b"" else lines
    if media == CLOUD:
        return [_event_of(body)]
    if media == CLOUD_BATCH:
        return [_event_of(item) for item in _items(body)]
    return list(_items(body)) if body.lstrip()[:1] == b"[" else [body] if body.strip() else []


def _items(body: bytes) -> Sequence[bytes]:
    try:
        return [bytes(raw) for raw in _ARRAY.decode(body)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ProblemError(
            400, "not-json", "The body is not a JSON array in UTF-8. Mend it and send it again."
        ) from None


def _event_of(envelope: bytes) -> bytes:
    """The event of a CloudEvent; of what is none, the bytes as they came (the codec says what is wrong)."""
    try:
        outer = _OBJECT.decode(envelope)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return envelope
    data = outer.get("data")
    if "specversion" not in outer or not isinstance(data, dict):
        return envelope
    stand_ins = {"type": outer.get("type"), "id": outer.get("id"), "at": outer.get("time")}
    event = {name: value for name, value in stand_ins.items() if value is not None} | data
    if event.get("type") != _POSTED and isinstance(event.get("id"), str) and isinstance(outer.get("source"), str):
        event["id"] = f"{_short(outer['source'])} {event['id']}"
    return msgspec.json.encode(event)


def _short(source: str) -> str:
    """So that an id of 383 characters is one with its source too."""
    return source if len(source) <= _SOURCE_CHARS else blake2b(source.encode("utf-8", "surrogatepass")).hexdigest()
