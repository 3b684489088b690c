"""Maps a status of Mastodon's API to a post as connectors bring it; pure. The same for timelines and streams.

Invariants: a post is named by its ``uri``, because each server has another ``id`` for it. No text of a post is decoded.
A server that is not believed about others speaks for its own people and addresses alone. Only public posts count, and
boosts are none.
Source: docs.joinmastodon.org/entities/Status.
"""

import re
from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from schemas.names import NAME_CHARS, normalize_account
from schemas.times import millis
from services.connectors.port import PostSeen
from services.connectors.posts import ID_CHARS, MOST_NAMES, hashtag_of

_ACCT = re.compile(r"([A-Za-z0-9_.\-]{1,100})(?:@([A-Za-z0-9.:\-]{1,150}))?")
_URI = re.compile(r"https?://[!-~]+")
_PUBLIC = "public"


class UnreadableStatusError(Exception):
    """It is no status. Its text says nothing of what is in it."""


ShortText = Annotated[str, Meta(max_length=200)]  # it is remembered: a server must not fill the memory


class Author(Struct, gc=False):
    """Who wrote a status. ``acct``: of the server's own people with or without its name."""

    acct: str


class Mention(Struct, gc=False):
    """Somebody who is named. ``id``: the account's, on this server."""

    acct: str
    id: str = ""


class Tag(Struct, gc=False):
    """A hashtag."""

    name: str


class Status(Struct, gc=False):
    """A status without its text. Ids are of the server that it was read from."""

    id: ShortText
    uri: str
    account: Author
    created_at: str = ""
    edited_at: ShortText | None = None
    visibility: str = ""
    in_reply_to_id: str | None = None
    in_reply_to_account_id: str | None = None
    reblog: msgspec.Raw = msgspec.Raw(b"null")
    mentions: list[Mention] = []
    tags: list[Tag] = []


class View(Struct, frozen=True):
    """A server as its statuses are to be read. ``domain``: of its own people. ``host``: of its own addresses.
    ``is_believed``: also about the posts of others' people."""

    domain: str
    host: str
    is_believed: bool


_DECODER = msgspec.json.Decoder(Status)


def read_status(data: bytes | str | msgspec.Raw) -> Status:
    """A status. UnreadableStatusError."""
    try:
        return _DECODER.decode(data)
    except msgspec.ValidationError:
        raise UnreadableStatusError("It has another form than expected.") from None
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise UnreadableStatusError("It is no JSON.") from None


def is_boost(status: Status) -> bool:
    """Whether somebody only boosted what is in ``reblog``."""
    return bytes(status.reblog) != b"null"


def created_at(status: Status) -> int | None:
    """When the author's server says that it was written, in ms; None where that is no time."""
    try:
        return millis(status.created_at)
    except ValueError:
        return None


def account_of(acct: str, view: View) -> str | None:
    """The account in the contract's form; a name alone is one of the server's own people. None: it is none."""
    found = _ACCT.fullmatch(acct)
    if found is None:
        return None
    try:
        return normalize_account(f"mastodon:{found[1]}@{found[2] or view.domain}")
    except ValueError:
        return None


def post_of(
    status: Status, view: View, earliest: int, latest: int, author_of: Callable[[str], str | None]
) -> PostSeen | None:
    """The post; None: it cannot be one, or does not count. Its time is between ``earliest`` and ``latest``, in ms: what
    its server says counts only there. ``author_of``: the author of a status with this id, where that is known."""
    actor, name = account_of(status.account.acct, view), _post_id(status.uri)
    if actor is None or name is None or status.visibility != _PUBLIC or is_boost(status):
        return None
    if not view.is_believed and not _is_own(actor, status.uri, view):
        return None
    created = created_at(status)
    at = latest if created is None else min(max(created, earliest), latest)
    hashtags = dict.fromkeys(filter(None, (hashtag_of(tag.name) for tag in status.tags if len(tag.name) <= NAME_CHARS)))
    mentions = dict.fromkeys(filter(None, (account_of(each.acct, view) for each in status.mentions)))
    reply_to = _answered(status, view, author_of)
    return PostSeen(name, actor, at, tuple(hashtags)[:MOST_NAMES], tuple(mentions)[:MOST_NAMES], reply_to)


def _answered(status: Status, view: View, author_of: Callable[[str], str | None]) -> str | None:
    """Who is answered. Statuses have that person's id alone, so it comes from the mentions, or from what was read."""
    if status.in_reply_to_id is None:
        return None
    for mention in status.mentions:
        if mention.id and mention.id == status.in_reply_to_account_id:
            return account_of(mention.acct, view)
    return author_of(status.in_reply_to_id)


def _post_id(uri: str) -> str | None:
    found = f"mastodon:{uri}"
    return found if len(found) <= ID_CHARS and _URI.fullmatch(uri) else None


def _is_own(actor: str, uri: str, view: View) -> bool:
    """Whether author and address are this server's."""
    try:
        host = urlsplit(uri).netloc.lower()
    except ValueError:
        return False
    return host == view.host and actor.rpartition("@")[2] == view.domain
