"""Reads the posts of a Bluesky repository (a CAR file), without keeping the text of any.

Invariants: work and memory are bounded by the file's size. A block counts only if its bytes have the digest by which
it is named, and no block is read twice, so a file cannot lead in circles. Of a record only names and the time stay.
Why: a block is decoded only when it is needed, and branches of the tree that can have no posts are passed over: most of
a repository are likes. Source: atproto.com/specs/repository; CAR version 1, ipld.io/specs/transport/car/carv1.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import libipld
from msgspec import Struct

from services.connectors.bluesky.posts import COLLECTION, account_of, names_in, post_id, record_in, written_at
from services.connectors.port import PostSeen

CAR_BYTES = 64 * 1024 * 1024  # of ten years of an eager person
_CID_BYTES = 36  # version, codec, sha2-256, its length, 32 bytes
_SHA = b"\x12\x20"
_LENGTH_BITS = 24  # of a block, with its place in one number
_FIRST, _AFTER = f"{COLLECTION}/".encode(), f"{COLLECTION}0".encode()  # all keys of posts are between


class RepositoryError(Exception):
    """A file that is no repository, or not this person's. Its text is a sentence for them."""


class Past(Struct, frozen=True):
    """Whose posts these are, newest first. ``is_cut``: there were more."""

    did: str
    posts: tuple[PostSeen, ...]
    is_cut: bool = False


def read_past(data: bytes, oldest: int, now: int, most_posts: int) -> Past:
    """The posts between two times, in ms since 1970, that are not later than now. RepositoryError."""
    blocks = _Blocks(data)
    try:
        commit = blocks.read(blocks.root)
        did, root = str(commit["did"]), commit["data"]
    except (KeyError, TypeError):
        raise RepositoryError("This file is no Bluesky repository.") from None
    actor = account_of(did)
    if actor is None:
        raise RepositoryError("This file does not say whose it is.")
    posts = [post for post in _posts(blocks, root, did, actor) if oldest <= post.at <= now]
    posts.sort(key=lambda post: (-post.at, post.id))
    return Past(did, tuple(posts[:most_posts]), len(posts) > most_posts)


def _posts(blocks: "_Blocks", root: Any, did: str, actor: str) -> Iterator[PostSeen]:
    for key, cid in _entries(blocks, root):
        if blocks.has_read(cid):
            continue  # the very same record again
        record = record_in(blocks.read(cid))
        name = post_id(did, key.removeprefix(_FIRST).decode("ascii", "replace"))
        at = None if record is None else written_at(record)
        if record is not None and name is not None and at is not None:
            yield PostSeen(name, actor, at, *names_in(record))


def _entries(blocks: "_Blocks", root: Any) -> Iterator[tuple[bytes, bytes]]:
    """Key and CID of each post, by a walk through the tree."""
    waiting = [root]
    while waiting:
        node = blocks.read(waiting.pop())
        try:
            before, links = b"", [(b"", node["l"])]
            for entry in node["e"]:
                key = before[: entry["p"]] + bytes(entry["k"])
                if _FIRST <= key < _AFTER:
                    yield key, entry["v"]
                links.append((key, entry["t"]))
                before = key
        except (KeyError, TypeError):
            raise RepositoryError("This repository is damaged.") from None
        ends = [key for key, _ in links[1:]] + [b"\xff"]
        for (start, link), end in zip(links, ends, strict=True):
            if link is not None and start < _AFTER and end > _FIRST:
                waiting.append(link)


class _Blocks:
    """The blocks of a file by their CIDs."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._seen: set[bytes] = set()
        if len(data) > CAR_BYTES:
            raise RepositoryError(f"This file has more than {CAR_BYTES:,} bytes.")
        length, start = self._varint(0)
        try:
            header = libipld.decode_dag_cbor(bytes(self._data[start : start + length]))
            (self.root,) = header["roots"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise RepositoryError("This file is no Bluesky repository.") from None
        self._places = dict(self._sections(start + length))

    def _sections(self, at: int) -> Iterator[tuple[bytes, int]]:
        while at < len(self._data):
            length, start = self._varint(at)
            at = start + length
            if not _CID_BYTES < length < 1 << _LENGTH_BITS or at > len(self._data):
                raise RepositoryError("This file is incomplete. Download it again.")
            yield (
                bytes(self._data[start : start + _CID_BYTES]),
                (start + _CID_BYTES) << _LENGTH_BITS | length - _CID_BYTES,
            )

    def _varint(self, at: int) -> tuple[int, int]:
        """A number and where it ends."""
        found = shift = 0
        for place in range(at, min(at + 5, len(self._data))):
            byte = self._data[place]
            found |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return found, place + 1
        raise RepositoryError("This file is incomplete. Download it again.")

    def has_read(self, cid: Any) -> bool:
        """Whether this block was read."""
        return isinstance(cid, bytes) and cid in self._seen

    def read(self, cid: Any) -> Mapping[str, Any]:
        """A block, decoded. RepositoryError."""
        place = self._places.get(cid) if isinstance(cid, bytes) else None
        if place is None or cid[2:4] != _SHA:
            raise RepositoryError("This repository is incomplete. Download it again.")
        start, length = place >> _LENGTH_BITS, place & (1 << _LENGTH_BITS) - 1
        data = bytes(self._data[start : start + length])
        if cid in self._seen or sha256(data).digest() != cid[4:]:
            raise RepositoryError("This repository is damaged.")
        self._seen.add(cid)
        try:
            found = libipld.decode_dag_cbor(data)
        except (ValueError, RecursionError):
            raise RepositoryError("This repository is damaged.") from None
        return found if isinstance(found, dict) else {}
