"""Accounts of Mastodon and compatible servers, read through the account's own server: no key.

Invariants: no other server than the one in the account's name is contacted. A boost does not count as the account's
own words.
Why: only the account's own server can say what is in its profile. A server may hide posts from unauthenticated
clients; then only the profile is readable. Texts are HTML, but a code has no character that HTML escapes. Source:
Mastodon's documentation of ``/api/v1/accounts/lookup`` and ``/api/v1/accounts/:id/statuses``.
"""

import re

from msgspec import Struct

from services.directory.port import PublicProfile
from services.identity.http_client import Fetched, Fetcher, Refused, Unreadable
from services.identity.public_addresses import is_host

_POSTS = "30"
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,62}[a-z0-9_])?")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Field(Struct):
    """A line of a profile."""

    value: str = ""


class Account(Struct):
    """An account as its server describes it. ``acct``: for the server's own accounts without a server name, or with its
    own."""

    id: str
    acct: str
    note: str = ""
    fields: list[Field] = []


class Owner(Struct):
    """The author of a status."""

    id: str


class Status(Struct):
    """A post. ``reblog``: the boosted post, where it is a boost."""

    account: Owner
    content: str = ""
    reblog: dict[str, object] | None = None


def handle_fault(handle: str) -> str | None:
    """How to write an account, where this handle is invalid; else None. ``handle``: the part after the network."""
    name, _, host = handle.partition("@")
    if _NAME.fullmatch(name) and is_host(host):
        return None
    return "Write a Mastodon account with its server, such as mastodon:ada@example.social."


async def read_profile(fetcher: Fetcher, handle: str) -> PublicProfile | Unreadable:
    """The profile's texts and the newest posts; empty where there is no such account."""
    name, _, host = handle.partition("@")
    found = await fetcher.get(Account, host, "/api/v1/accounts/lookup", {"acct": name})
    if not isinstance(found, Fetched):
        return PublicProfile() if isinstance(found, Refused) else found
    account = found.value
    if account.acct.lower() not in (name, f"{name}@{host}") or not _ID.fullmatch(account.id):
        return PublicProfile()
    asked = {"limit": _POSTS, "exclude_reblogs": "true"}
    statuses = await fetcher.get(list[Status], host, f"/api/v1/accounts/{account.id}/statuses", asked)
    if isinstance(statuses, Unreadable):
        return statuses
    posts = statuses.value if isinstance(statuses, Fetched) else []
    own = [post.content for post in posts if post.account.id == account.id and post.reblog is None]
    return PublicProfile((account.note, *[field.value for field in account.fields], *own))
