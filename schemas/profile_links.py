"""Extracts the account or the hashtag from links as people paste them.

Responsibility: which network a host belongs to, and where the handle is in its addresses. Texts must be folded before.
Invariants: a link without an account is an error with a reason. Nothing is looked up.
"""

import re
from urllib.parse import unquote

from schemas.folding import fold

_LINK = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.\-]*)://)?(?P<host>[^/?#\s:@]+\.[^/?#\s:@]+)(?::\d+)?(?P<path>/[^?#]*)?.*",
    re.DOTALL,
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.\-]*://")
_AT = re.compile(r"at://(?P<handle>[^/?#\s]+).*", re.DOTALL)
_ADDRESS = re.compile(r"acct:@?(?P<handle>[\w.\-]+@[\w.\-]+)")
_FEDIVERSE = re.compile(r"@(?P<handle>[\w.\-]+@[\w\-]+(?:\.[\w\-]+)+)")
_HANDLE = re.compile(r"[\w.\-]+(?:@[\w.\-]+)?")
_DID = re.compile(r"did:[a-z]+:[a-z0-9._:%\-]+")

# Host -> its network, and the prefixes before the handle (the first match wins; "": none).
_NETWORKS: dict[str, tuple[str, tuple[str, ...]]] = {
    "x.com": ("x", ("",)),
    "twitter.com": ("x", ("",)),
    "bsky.app": ("bsky", ("profile/",)),
    "linkedin.com": ("linkedin", ("in/",)),
    "instagram.com": ("instagram", ("",)),
    "facebook.com": ("facebook", ("",)),
    "github.com": ("github", ("",)),
    "threads.net": ("threads", ("@",)),
    "threads.com": ("threads", ("@",)),
    "tiktok.com": ("tiktok", ("@",)),
    "youtube.com": ("youtube", ("@", "c/", "user/")),
    "medium.com": ("medium", ("@",)),
    "reddit.com": ("reddit", ("user/", "u/")),
}
# Any other host: the fediverse's addresses.
_ELSEWHERE = ("@", "users/", "web/@", "deck/@")
# First path segments of these networks that are not handles.
_NO_HANDLES = frozenset(
    ("home", "search", "explore", "hashtag", "tags", "tag", "i", "intent", "share", "settings", "messages", "login",
     "notifications", "signup", "about", "help", "profile", "profile.php", "people", "pages", "groups", "watch", "p",
     "status", "reel", "reels", "stories", "feed", "company", "school", "jobs", "orgs")
)  # fmt: skip
_HASHTAG = re.compile(r"(?:[^?#]*/)?(?:hashtag|tags?)/(?P<tag>[^/?#]+).*", re.DOTALL)


def account_in(text: str) -> tuple[str, str] | None:
    """The network and the handle of a profile link; None if it is no link. ValueError: a link without an account."""
    address = _ADDRESS.fullmatch(text) or _FEDIVERSE.fullmatch(text)
    if address is not None:
        return "mastodon", address["handle"]
    at = _AT.fullmatch(text)
    if at is not None:
        return "bsky", at["handle"]
    link = _LINK.fullmatch(text)
    if link is None or (link["scheme"] is None and not _is_known(link)):
        if _SCHEME.match(text):
            raise ValueError("is a link that names no account: write network:handle, such as x:ada")
        return None
    found = _handle_in(link["host"], link["path"] or "")
    if link["scheme"] not in (None, "http", "https") or found is None:
        raise ValueError("is a link that names no account: write network:handle, such as x:ada")
    return found


def _is_known(link: re.Match[str]) -> bool:
    """Whether a text without a scheme is nevertheless a link."""
    path = link["path"] or ""
    return (_network_of(link["host"]) is not None and len(path) > 1) or path.startswith("/@")


def _network_of(host: str) -> tuple[str, tuple[str, ...]] | None:
    """The network of a host or its parent domains: ``de.linkedin.com``, ``mobile.twitter.com``."""
    while host:
        if host in _NETWORKS:
            return _NETWORKS[host]
        host = host.partition(".")[2]
    return None


def _handle_in(host: str, path: str) -> tuple[str, str] | None:
    known = _network_of(host)
    network, before = known or ("mastodon", _ELSEWHERE)
    rest = fold(unquote(path)).removeprefix("/")
    for prefix in before:
        if not rest.startswith(prefix):
            continue
        handle = rest.removeprefix(prefix).removeprefix("@").partition("/")[0].strip()
        if handle in _NO_HANDLES or not (_HANDLE.fullmatch(handle) or _DID.fullmatch(handle)):
            return None
        if known is None and "@" not in handle:
            handle = f"{handle}@{host.removeprefix('www.')}"
        return network, handle
    return None


def network_of(host: str) -> str | None:
    """The network whose profiles have addresses at a host, such as ``x.com``; None: none that is known."""
    known = _network_of(host) if "." in host else None
    return None if known is None else known[0]


def links_to(network: str, handle: str) -> list[str]:
    """The usual links to a profile, without a scheme."""
    user, _, host = handle.partition("@")
    if network == "mastodon":
        return [f"{host}/{prefix}{user}" for prefix in _ELSEWHERE] if host else []
    known = [(site, prefix) for site, (name, before) in _NETWORKS.items() if name == network for prefix in before]
    return [f"{site}/{prefix}{handle}" for site, prefix in known]


def hashtag_in(text: str) -> str | None:
    """The hashtag of a link to its posts; None if it is no link. ValueError: a link without a hashtag."""
    if "://" not in text:
        return None
    found = _HASHTAG.fullmatch(text)
    if found is None:
        raise ValueError("is a link that names no hashtag: write it alone, such as #hitsm")
    return unquote(found["tag"])
