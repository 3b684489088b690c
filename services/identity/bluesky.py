"""Bluesky accounts, read through the network's public API: no key, one fixed host.

Invariants: a repost does not count as the account's own words.
Why: a handle may pass to somebody else but the DID stays, so the DID is proved along with the handle. Of a post only
the record's text counts, which is the author's; quoted posts are elsewhere. Source: the lexicons
``app.bsky.actor.getProfile`` and ``app.bsky.feed.getAuthorFeed``.
"""

import re

from msgspec import Struct

from services.directory.port import PublicProfile
from services.identity.http_client import Fetched, Fetcher, Refused, Unreadable
from services.identity.public_addresses import is_host

HOST = "public.api.bsky.app"
NETWORK = "bsky"
_POSTS = "30"
_DID = re.compile(r"did:[a-z]+:[a-z0-9._:%-]{1,200}")


class Profile(Struct):
    """An actor."""

    did: str
    handle: str
    description: str | None = None


class Author(Struct):
    """The author of a post."""

    did: str


class Record(Struct):
    """What the author wrote."""

    text: str = ""


class Post(Struct):
    """A post in a feed."""

    author: Author
    record: Record


class Item(Struct):
    """An entry of an account's feed: a post of its own, or one that it reposts."""

    post: Post


class Feed(Struct):
    """The newest entries."""

    feed: list[Item]


def handle_fault(handle: str) -> str | None:
    """How to write an account, where this handle is invalid; else None. ``handle``: the part after the network."""
    if is_host(handle) or _DID.fullmatch(handle):
        return None
    return "Write a Bluesky account with its whole handle, such as bsky:ada.bsky.social."


async def read_profile(fetcher: Fetcher, handle: str) -> PublicProfile | Unreadable:
    """The profile's text and the newest posts; empty where there is no such account."""
    profile = await fetcher.get(Profile, HOST, "/xrpc/app.bsky.actor.getProfile", {"actor": handle})
    if not isinstance(profile, Fetched):
        return PublicProfile() if isinstance(profile, Refused) else profile
    actor = profile.value
    if not _DID.fullmatch(actor.did) or handle not in (actor.did, actor.handle.lower()):
        return PublicProfile()
    asked = {"actor": actor.did, "limit": _POSTS, "filter": "posts_with_replies"}
    feed = await fetcher.get(Feed, HOST, "/xrpc/app.bsky.feed.getAuthorFeed", asked)
    if isinstance(feed, Unreadable):
        return feed
    items = feed.value.feed if isinstance(feed, Fetched) else []
    own = [item.post.record.text for item in items if item.post.author.did == actor.did]
    return PublicProfile((actor.description or "", *own), (f"{NETWORK}:{actor.did}",))
