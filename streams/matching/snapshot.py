"""A matcher's state as bytes, and back.

Responsibility: the snapshot format: a head (version, digest) and a JSON body (a stamp has more than 64 bits).
Invariants: derived state is left out (who sent to whom, sessions, who is present): it would double the size and could
contradict the rest. Snapshot + tail of the log = full fold.
Why: posts are stored by column, since they are nearly all of it. A snapshot of an older version is migrated step by
step; a damaged one is refused, and the log is folded from its start instead.
"""

from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct

from schemas.policy import Policy
from streams.matching import budget, cards
from streams.matching.engine import Matcher
from streams.matching.state import Account, AccountTombstone, Attendee, Card, ChatDay, EarlyRecord, Post, State

VERSION = 2
_MAGIC = b"hallway-snapshot"
_DIGEST_BYTES = 16
PIECE_ITEMS = 10_000  # items that one call encodes while it holds Python's lock: 2 ms

Migration = Callable[[dict[str, Any]], dict[str, Any]]
# From a version's body to the next one's. Version 1 did not store how a post was uploaded: refused, the log is folded.
MIGRATIONS: Mapping[int, Migration] = {}


class SnapshotError(ValueError):
    """This engine cannot read the snapshot; the log can always be folded instead."""


class _Posts(Struct):
    stamps: list[int]
    authors: list[int]
    ids: list[str]
    targets: list[tuple[int, ...]]
    tags: list[int]
    uploads: list[int]


class _Account(Struct, array_like=True):
    no: int
    text: str
    claims: dict[str, int]
    verified: str | None
    owner: str | None
    cut_at: int
    moved: bool


class _Body(Struct):
    conference: str
    policy: Policy
    opened: bool
    closed: bool
    organizer: str | None
    chats: tuple[ChatDay, ...]
    now: int
    applied: int
    next_account: int
    next_rank: int
    recent: dict[str, int]
    older: dict[str, int]
    late: dict[str, int]
    turned_at: int
    tags: list[tuple[str, ...]]
    posts: _Posts
    buried: _Posts
    deletions: dict[str, dict[str, int]]
    accounts: list[_Account]
    graves: dict[str, AccountTombstone]
    attendees: list[Attendee]
    erased: list[str]
    cards: list[Card]
    timers: list[tuple[int, int, str, str]]
    early: list[EarlyRecord]
    waiting: list[tuple[str, str]]


_SAME = tuple(
    name
    for name in _Body.__struct_fields__
    if name in State.__struct_fields__
    and name not in {"posts", "buried", "accounts", "attendees", "cards"}
    and name not in {"erased", "timers"}
)


def snapshot(matcher: Matcher) -> bytes:
    """The matcher's state between two records."""
    state = matcher.state
    tags: dict[tuple[str, ...], int] = {}
    body = _Body(
        **{name: getattr(state, name) for name in _SAME},
        posts=_columns(state.posts.values(), tags),
        buried=_columns(state.buried.values(), tags),
        accounts=[
            _Account(a.no, a.text, a.claims, a.verified, a.owner, a.cut_at, a.moved) for a in state.accounts.values()
        ],
        attendees=list(state.attendees.values()),
        erased=sorted(state.erased),
        cards=list(state.cards.values()),
        timers=sorted(state.timers),
        waiting=sorted(matcher.observer.changes.pairs),
        tags=list(tags),
    )
    pieces, digest = list(_pieces(body)), blake2b(digest_size=_DIGEST_BYTES)
    for piece in pieces:
        digest.update(piece)
    return b"".join([_MAGIC, VERSION.to_bytes(2, "big"), digest.digest(), *pieces])


def _pieces(value: Any) -> Iterator[bytes]:
    """The same bytes as from one call of the encoder, in pieces, so that other threads run between them."""
    if isinstance(value, _Body | _Posts):
        for number, name in enumerate(value.__struct_fields__):
            yield b'%s"%s":' % (b"," if number else b"{", name.encode())
            yield from _pieces(getattr(value, name))
        yield b"}"
    elif isinstance(value, list | dict) and len(value) > PIECE_ITEMS:
        rest, whole = iter(value.items() if isinstance(value, dict) else value), type(value)
        ends = msgspec.json.encode(whole())
        for at in range(0, len(value), PIECE_ITEMS):
            yield b"," if at else ends[:1]
            yield msgspec.json.encode(whole(islice(rest, PIECE_ITEMS)))[1:-1]
        yield ends[1:]
    else:
        yield msgspec.json.encode(value)


def _columns(posts: Any, tags: dict[tuple[str, ...], int]) -> _Posts:
    rows = list(posts)
    return _Posts(
        stamps=[post.stamp for post in rows],
        authors=[post.author for post in rows],
        ids=[post.id for post in rows],
        targets=[post.targets for post in rows],
        tags=[tags.setdefault(post.tags, len(tags)) for post in rows],
        uploads=[post.upload for post in rows],
    )


def _digest(encoded: bytes) -> bytes:
    return blake2b(encoded, digest_size=_DIGEST_BYTES).digest()


def digest(data: bytes) -> str:
    """The digest in a snapshot's head, in hex."""
    return data[len(_MAGIC) + 2 :][:_DIGEST_BYTES].hex()


def restore(
    data: bytes, policy: dict[str, Any] | None = None, migrations: Mapping[int, Migration] = MIGRATIONS
) -> Matcher:
    """The matcher from its snapshot. SnapshotError: not a snapshot, damaged, or of a newer version."""
    head = len(_MAGIC) + 2
    if not data.startswith(_MAGIC) or len(data) < head + _DIGEST_BYTES:
        raise SnapshotError("These bytes are no snapshot.")
    version = int.from_bytes(data[len(_MAGIC) : head], "big")
    encoded = data[head + _DIGEST_BYTES :]
    if _digest(encoded) != data[head : head + _DIGEST_BYTES]:
        raise SnapshotError("The snapshot is damaged: its digest does not fit.")
    try:
        return _matcher(_body(encoded, version, migrations), policy)
    except (msgspec.MsgspecError, KeyError) as error:
        raise SnapshotError(f"The snapshot of version {version} cannot be read: {error!r}.") from error


def _body(encoded: bytes, version: int, migrations: Mapping[int, Migration]) -> _Body:
    if version > VERSION:
        raise SnapshotError(f"The snapshot has version {version}; this engine knows {VERSION} and older.")
    if version == VERSION:
        return msgspec.json.decode(encoded, type=_Body)
    raw = msgspec.json.decode(encoded)
    for step in range(version, VERSION):
        raw = migrations[step](raw)
    return msgspec.convert(raw, _Body)


def _matcher(body: _Body, policy: dict[str, Any] | None) -> Matcher:
    state = State(**{name: getattr(body, name) for name in _SAME})
    state.erased, state.timers = set(body.erased), body.timers
    state.attendees = {attendee.id: attendee for attendee in body.attendees}
    for stored in body.accounts:
        account = Account(
            stored.no,
            stored.text,
            claims=stored.claims,
            verified=stored.verified,
            owner=stored.owner,
            cut_at=stored.cut_at,
            moved=stored.moved,
        )
        state.accounts[account.no] = state.accounts_by_name[account.text] = account
    state.posts, state.buried = _rows(body.posts, body.tags), _rows(body.buried, body.tags)
    for card in body.cards:
        cards.store(state, card)
    budget.review_timers(state)
    matcher = Matcher(state.conference, policy, state)
    matcher.observer.changes.pairs.update(body.waiting)
    return matcher


def _rows(columns: _Posts, tags: list[tuple[str, ...]]) -> dict[str, Post]:
    rows = zip(
        columns.stamps, columns.authors, columns.ids, columns.targets, columns.tags, columns.uploads, strict=True
    )
    return {
        post_id: Post(stamp, author, post_id, targets, tags[tag], upload)
        for stamp, author, post_id, targets, tag, upload in rows
    }
