"""The wire of a Jetstream, in its second version and its first: what is asked for, and what a frame says; pure.

Invariants: a record stays undecoded. Positions are microseconds at which the host witnessed an event: the one cursor
that both versions and all hosts take. Both are inclusive.
Source: the lexicon ``network.bsky.jetstream.subscribeEvents``, and for the first version the Jetstream's README.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, Raw, Struct, field

from services.connectors.bluesky.posts import COLLECTION
from services.connectors.source_stream import FRAME_BYTES

Version = Literal[1, 2]
PATHS: dict[Version, str] = {1: "/subscribe", 2: "/xrpc/network.bsky.jetstream.subscribeEvents"}
SUBPROTOCOLS: dict[Version, tuple[str, ...]] = {1: (), 2: ("xrpc.v1.json",)}
MOST_URL_DIDS = 200  # about 8 kB of an address; more are sent after connecting, which only the first version allows
_NOTHING = Raw(b"null")
MOST_DIDS = 10_000  # by both versions; beyond it everything is read


class UnreadableFrameError(Exception):
    """A frame that is none. Its text says nothing of what is in it."""


class Event(Struct, frozen=True, gc=False):
    """A commit, or with an empty ``operation`` something else that only moves the position."""

    at_us: int
    did: str = ""
    operation: str = ""
    rkey: str = ""
    record: Raw = _NOTHING


class Notice(Struct, frozen=True):
    """What the host says about the stream. ``is_end``: it ends the stream."""

    name: str
    is_end: bool = False


class Request(Struct, frozen=True):
    """A stream to ask for. ``hello``: the first message to send."""

    version: Version
    path: str
    hello: str = ""


def requests(dids: Sequence[str] | None, start_us: int | None) -> list[Request]:
    """The requests to try in this order, for posts of these people (None: of everybody) from a position on."""
    if dids is None or len(dids) > MOST_DIDS:
        return [_request(2, (), start_us), _request(1, (), start_us)]
    if len(dids) <= MOST_URL_DIDS:
        return [_request(2, dids, start_us), _request(1, dids, start_us)]
    options = {"wantedCollections": [COLLECTION], "wantedDids": list(dids), "maxMessageSizeBytes": FRAME_BYTES}
    hello = msgspec.json.encode({"type": "options_update", "payload": options}).decode()
    first = _request(1, (), start_us)
    return [Request(1, f"{first.path}&requireHello=true", hello), _request(2, (), start_us)]


def _request(version: Version, dids: Sequence[str], start_us: int | None) -> Request:
    named = [("collections", COLLECTION), ("kinds", "commit")] if version == 2 else [("wantedCollections", COLLECTION)]
    named += [("dids" if version == 2 else "wantedDids", did) for did in dids]
    named.append(("maxMessageSizeBytes", str(FRAME_BYTES)))
    if start_us is not None:
        named.append(("cursor", str(start_us)))
    return Request(version, f"{PATHS[version]}?{urlencode(named)}")


# -- frames -----------------------------------------------------------------------------------------------------------


class _Commit(Struct, gc=False):
    operation: str = ""
    collection: str = ""
    rkey: str = ""
    record: Raw = _NOTHING


class _First(Struct, gc=False):
    time_us: Annotated[int, Meta(ge=0, lt=2**53)]
    did: str = ""
    commit: _Commit | None = None


_Moment = Annotated[datetime, Meta(tz=True)]


class _Payload(Struct, gc=False):
    type: str = field(name="$type", default="")
    did: str = ""
    time: _Moment | None = None
    witnessed: _Moment | None = field(name="witnessedAt", default=None)
    operation: str = ""
    collection: str = ""
    rkey: str = ""
    record: Raw = _NOTHING
    name: str = ""


class _Second(Struct, gc=False):
    type: str = field(name="$type", default="")
    payload: _Payload | None = None
    error: str = ""


_FIRST, _SECOND = msgspec.json.Decoder(_First), msgspec.json.Decoder(_Second)


def read_frame(data: bytes, version: Version) -> Event | Notice:
    """What a frame says. UnreadableFrameError."""
    try:
        return _read_second(_SECOND.decode(data)) if version == 2 else _read_first(_FIRST.decode(data))
    except msgspec.ValidationError:
        raise UnreadableFrameError("It has another form than expected.") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UnreadableFrameError("It is no JSON.") from None


def _read_first(frame: _First) -> Event:
    commit = frame.commit
    if commit is None or commit.collection != COLLECTION:
        return Event(frame.time_us)
    return Event(frame.time_us, frame.did, commit.operation, commit.rkey, commit.record)


def _read_second(frame: _Second) -> Event | Notice:
    payload = frame.payload
    if frame.error or payload is None:
        return Notice(frame.error or frame.type, is_end=True)
    if payload.type.endswith("#info"):
        return Notice(payload.name)
    seen = payload.witnessed or payload.time
    if seen is None:
        raise UnreadableFrameError("It has no time.")
    at_us = round(seen.timestamp() * 1_000_000)
    if not payload.type.endswith("#commit") or payload.collection != COLLECTION:
        return Event(at_us)
    return Event(at_us, payload.did, payload.operation, payload.rkey, payload.record)


class _Refusal(Struct):
    error: str = ""


def refusal_in(body: bytes) -> str:
    """The name of the error in an answer that opened no stream; empty where there is none."""
    try:
        return msgspec.json.decode(body, type=_Refusal).error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
