"""Splits bodies of ``POST /v1/events`` into event lines: JSON, JSON Lines and CloudEvents, one or many.

Invariants: events are not validated here; the codec does that. The bytes of each event stay as they arrived, so that a
dead letter has them. A CloudEvent's ``data`` is the event; ``type``, ``id`` and ``time`` fill in missing fields (see
``cloud_events``).
"""

from collections.abc import Mapping, Sequence

import msgspec

from schemas.codec import Reject
from services.api.ingest import cloud_events
from services.api.shared.problems import ProblemError

JSON, JSONL = "application/json", "application/x-ndjson"
CLOUD, CLOUD_BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
MEDIA_TYPES = (JSON, JSONL, "application/jsonl", CLOUD, CLOUD_BATCH)

_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])


def split_events(body: bytes, headers: Mapping[str, str], most: int) -> list[bytes | Reject]:
    """The events of a body, each as it came, or why it is not a CloudEvent. ``headers``: the request's, in lower case.
    ``most``: events. ProblemError 400, 413 or 415 for a body that is not a list of events."""
    media, _, parameters = headers.get("content-type", "").partition(";")
    media = media.strip().lower() or JSON
    charset = parameters.lower().partition("charset=")[2].strip(' "').partition(";")[0]
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise ProblemError(415, "charset", "Events are in UTF-8. Send them so, and say charset=utf-8 or nothing.")
    if media not in MEDIA_TYPES:
        raise ProblemError(415, "media-type", f"Events come as one of: {', '.join(MEDIA_TYPES)}. Set Content-Type.")
    is_binary = cloud_events.is_binary(headers) and media not in (CLOUD, CLOUD_BATCH)
    lines = [cloud_events.decode_binary(headers, body)] if is_binary else _split(body, media)
    if len(lines) > most:
        raise ProblemError(413, "too-many", f"{len(lines):,} events at once; send at most {most} in a request.")
    if not lines:
        raise ProblemError(400, "empty", "There is no event in the body. Send at least one.")
    return lines


def _split(body: bytes, media: str) -> list[bytes | Reject]:
    if media in (JSONL, "application/jsonl"):
        lines = [cloud_events.unmarked(line) for line in body.split(b"\n")]
        return lines[:-1] if body.rpartition(b"\n")[2].strip() == b"" else lines
    if media == CLOUD:
        return [cloud_events.decode_structured(body)]
    if media == CLOUD_BATCH:
        return [cloud_events.decode_structured(item) for item in _items(body)]
    items = _items(body) if body.lstrip()[:1] == b"[" else [body] if body.strip() else []
    return [cloud_events.unmarked(item) for item in items]


def _items(body: bytes) -> Sequence[bytes]:
    try:
        return [bytes(raw) for raw in _ARRAY.decode(body)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ProblemError(
            400, "not-json", "The body is not a JSON array in UTF-8. Correct it and send it again."
        ) from None
