"""Maps a Bluesky record to a post as connectors bring it; pure. The same for a stream and for a repository.

Invariants: people are named by their DID alone, because handles change and lie. No text of a post is decoded.
Why: a record is what its author wrote, in any form: one that is no post is None, and nobody's fault. Hashtags are in
facets and in ``tags``; a ``#word`` in the text alone is none. Source: the lexicons ``app.bsky.feed.post`` and
``app.bsky.richtext.facet``.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct, field

from schemas.names import NAME_CHARS, normalize_account
from schemas.times import millis
from services.connectors.port import Audience, PostSeen
from services.connectors.posts import ID_CHARS, LATE_MS, MOST_NAMES, hashtag_of

COLLECTION = "app.bsky.feed.post"
_MOST_READ = 4 * MOST_NAMES  # anybody can write a post with thousands, and each costs time
_AT = "at://"


class Feature(Struct, gc=False):
    """What a part of the text is."""

    type: str = field(name="$type", default="")
    tag: str | None = None
    did: str | None = None


class Facet(Struct, gc=False):
    """A part of the text."""

    features: list[Feature] = []


class Parent(Struct, gc=False):
    """The post that is answered."""

    uri: str = ""


class Reply(Struct, gc=False):
    """What a post answers."""

    parent: Parent | None = None


class Record(Struct, gc=False):
    """A post's record, without its text."""

    created: str = field(name="createdAt", default="")
    facets: list[Facet] | None = None
    tags: list[str] | None = None
    reply: Reply | None = None


_JSON = msgspec.json.Decoder(Record)


def record_of(data: msgspec.Raw) -> Record | None:
    """The record of a post; None where it has another form."""
    try:
        return _JSON.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def record_in(value: Any) -> Record | None:
    """The same from a decoded block of a repository."""
    try:
        return msgspec.convert(value, Record, strict=True)
    except (msgspec.MsgspecError, RecursionError):
        return None


def post_id(did: str, rkey: str) -> str | None:
    """The id of a post: its ``at://`` URI; None where that is too long."""
    found = f"bsky:{_AT}{did}/{COLLECTION}/{rkey}"
    return found if len(found) <= ID_CHARS else None


def account_of(did: str) -> str | None:
    """The account of a DID in the contract's form; None where it is none."""
    if not did.startswith("did:"):
        return None
    try:
        return normalize_account(f"bsky:{did}")
    except ValueError:
        return None


def post_of(did: str, rkey: str, record: Record, seen: int) -> PostSeen | None:
    """The post. ``seen``: when it was witnessed, in ms: ``createdAt`` is the writer's word, and counts only shortly
    before. None: it cannot be one."""
    actor, name = account_of(did), post_id(did, rkey)
    if actor is None or name is None:
        return None
    created = written_at(record)
    at = seen if created is None else min(max(created, seen - LATE_MS), seen)
    hashtags, mentions, reply_to = names_in(record)
    return PostSeen(name, actor, at, hashtags, mentions, reply_to)


def written_at(record: Record) -> int | None:
    """When the writer says that they wrote it, in ms; None where that is no time."""
    try:
        return millis(record.created)
    except ValueError:
        return None


def names_in(record: Record) -> tuple[tuple[str, ...], tuple[str, ...], str | None]:
    """Hashtags, mentioned accounts, and the account that is answered."""
    features = list(islice((feature for facet in record.facets or () for feature in facet.features), _MOST_READ))
    tags = [each.tag for each in features if each.tag is not None and each.type.endswith("#tag")]
    tags = [tag for tag in (*tags, *islice(record.tags or (), _MOST_READ)) if len(tag) <= NAME_CHARS]
    dids = [each.did for each in features if each.did is not None and each.type.endswith("#mention")]
    parent = record.reply.parent if record.reply is not None else None
    reply_to = account_of(parent.uri.removeprefix(_AT).partition("/")[0]) if parent is not None else None
    hashtags = dict.fromkeys(filter(None, map(hashtag_of, tags)))
    mentions = dict.fromkeys(filter(None, map(account_of, dids)))
    return tuple(hashtags)[:MOST_NAMES], tuple(mentions)[:MOST_NAMES], reply_to


def matters(post: PostSeen, audience: Audience) -> bool:
    """Whether the conference tracks a hashtag of the post, or the post is between two of its people: as the router
    decides."""
    if not audience.hashtags.isdisjoint(post.hashtags):
        return True
    accounts = audience.accounts
    return post.actor in accounts and any(other in accounts and other != post.actor for other in addressed(post))


def addressed(post: PostSeen) -> Iterator[str]:
    """The accounts that a post addresses."""
    yield from post.mentions
    if post.reply_to is not None:
        yield post.reply_to
