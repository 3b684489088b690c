"""The forms of names: accounts, hashtags, ids, sources, time zones.

Responsibility: the one normal form of accounts and hashtags, used wherever they enter; and what a well-formed name is.
Invariants: a normal form is its own normal form. Nothing is looked up. Each function returns the normal form, or raises
ValueError with the end of a sentence for people ("... is not an account ...").
"""

import re
import unicodedata

from schemas import profile_links, zones
from schemas.folding import fold, lookalike_scripts, trim

NAME_CHARS = 256  # longer than the longest known handle (a fediverse address); bounds the memory per account
NETWORKS = {"twitter": "x", "bluesky": "bsky"}  # other names of a network -> the one that is stored
_ID = re.compile(r"[A-Za-z0-9_.\-]{1,128}")
_SOURCE = re.compile(r"(?:connector|organizer|attendee):[A-Za-z0-9_.\-]{1,128}")
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)
_NETWORK = re.compile(r"[a-z0-9](?:[a-z0-9._+\-]*[a-z0-9])?")
# Most accounts by far: they are normal as they are, so nothing else is checked.
_PLAIN = re.compile(r"([a-z0-9]+):[a-z0-9_](?:[a-z0-9_.:@\-]*[a-z0-9_])?")
_MAIL = frozenset(("mailto", "mail", "email", "e-mail"))
_SCHEMES = _MAIL | {
    "http", "https", "www", "tel", "phone", "sms", "acct", "at", "ftp", "sftp", "ssh", "data", "urn", "file", "blob",
    "javascript", "about", "ws", "wss", "geo", "irc", "news",
}  # of links; none is a network  # fmt: skip
_AROUND_A_HANDLE = frozenset(("Po", "Ps", "Pe", "Pi", "Pf"))  # a "-" or "_" at the end may belong to the handle
_AROUND_A_TAG = _AROUND_A_HANDLE | {"Pd"}
_BETWEEN_TAGS = "#@,;/|\\、，；،"
_MARKUP = "<>|`^~"  # what surrounding text leaves at a name, though Unicode does not count it as punctuation


def _strip(text: str, categories: frozenset[str]) -> str:
    """The text without surrounding markup, punctuation and white space."""
    return trim(text, categories, _MARKUP)


def normalize_account(text: str) -> str:
    """``network:handle``, normalized; the handle may contain further colons, as a DID does."""
    plain = _PLAIN.fullmatch(text)
    if plain and plain[1] not in NETWORKS and plain[1] not in _SCHEMES and len(text) <= NAME_CHARS:
        return text
    network, handle = _split_account(fold(text))
    if not (network and handle) or len(network) + len(handle) >= NAME_CHARS:
        raise ValueError(f"is not an account: it is network:handle, such as x:ada, up to {NAME_CHARS} characters")
    fault = _fault(network, handle)
    if fault is not None:
        raise ValueError(fault)
    return f"{network}:{handle}"


def _split_account(text: str) -> tuple[str, str]:
    found = profile_links.account_in(text.strip()) or profile_links.account_in(_strip(text, _AROUND_A_HANDLE))
    if found is None:
        network, _, handle = _strip(text, _AROUND_A_HANDLE).partition(":")
        network, handle = network.strip(), _strip(handle, _AROUND_A_HANDLE)
        found = NETWORKS.get(network) or profile_links.network_of(network) or network, handle
        if "/" in handle and network not in _SCHEMES:
            found = _resolve_link(found[0], handle)
    return found[0], _strip(found[1], _AROUND_A_HANDLE)


def _resolve_link(network: str, link: str) -> tuple[str, str]:
    """The account of a network followed by a link: ``mastodon:https://social.example/@ada``."""
    found = profile_links.account_in(link)
    if found is None:
        return network, link
    if found[0] not in (network, "mastodon"):
        raise ValueError(f"names two networks, {network} and {found[0]}: write one of them, such as {':'.join(found)}")
    return network, found[1]


def _fault(network: str, handle: str) -> str | None:
    if network in _MAIL:
        return "is an e-mail address and not an account: write network:handle, such as x:ada"
    if network in _SCHEMES:
        return "is a link that names no account: write network:handle, such as x:ada"
    if _NETWORK.fullmatch(network) is None:
        return f"is not an account: {network!r} is not the name of a network (a-z 0-9 . _ + -)"
    if "/" in handle or any(sign.isspace() or unicodedata.category(sign) == "Cc" for sign in handle):
        return "is not an account: a handle has no white space, no / and no control characters in it"
    alike = lookalike_scripts(handle)
    if len(alike) > 1:
        return f"is not an account: it mixes {' and '.join(alike)} letters, which look alike; type it again"
    return None


def normalize_posted_hashtag(text: str) -> str:
    """A hashtag as a post has it, normalized. Networks have some that nobody can follow, such as two words."""
    folded = fold(text)
    tag = _strip(_tag_of(folded), _AROUND_A_TAG) or _strip(folded, _AROUND_A_TAG)
    tag = tag or folded.strip().lstrip("@# \t\r\n").strip()
    if not tag or len(tag) > NAME_CHARS:
        raise ValueError(f"is not a hashtag of 1 to {NAME_CHARS} characters")
    return tag


def _tag_of(folded: str) -> str:
    try:
        linked = profile_links.hashtag_in(folded)
    except ValueError:
        return folded
    return folded if linked is None else fold(linked)


def normalize_hashtag(text: str) -> str:
    """A hashtag for a conference to follow, normalized."""
    tag = normalize_posted_hashtag(text)
    profile_links.hashtag_in(tag)
    if any(sign.isspace() or sign in _BETWEEN_TAGS or unicodedata.category(sign) == "Cc" for sign in tag):
        raise ValueError("is not one hashtag: it has white space, # @ , ; / or | in it; give each hashtag by itself")
    if not _strip(tag, _AROUND_A_TAG):
        raise ValueError("is not a hashtag: it has punctuation only")
    return tag


def is_legacy_account(text: str) -> bool:
    """Whether a log of an earlier version may contain this account, even if ``normalize_account`` refuses it today."""
    network, colon, handle = text.partition(":")
    return bool(colon and _has_text(network) and _has_text(handle)) and len(text) <= NAME_CHARS


def is_legacy_hashtag(text: str) -> bool:
    """The same for a hashtag."""
    return _has_text(text) and len(text) <= NAME_CHARS


def _has_text(text: str) -> bool:
    return bool(text.lstrip("@# \t\r\n").strip())


def spellings(normal: str) -> list[str]:
    """All ways to write a normal account: itself, with other names of its network, and as links to its profile."""
    network, _, handle = normal.partition(":")
    others = [f"{other}:{handle}" for other, name in NETWORKS.items() if name == network]
    return [normal, *others, *profile_links.links_to(network, handle)]


def validate_id(text: str) -> str:
    """An id of an attendee, a conference or a place, unchanged."""
    if _ID.fullmatch(text) is None:
        raise ValueError("is not an id of 1 to 128 characters out of A-Z a-z 0-9 _ . -")
    return text


def normalize_person(text: str) -> str:
    """Somebody to block: an attendee's id, or an account (it contains a colon), normalized."""
    return normalize_account(text) if ":" in fold(text) else validate_id(text)


def validate_source(text: str) -> str:
    """The source of an event, unchanged."""
    if _SOURCE.fullmatch(text) is None:
        raise ValueError("is not a source: it is connector:ID, organizer:ID or attendee:ID")
    return text


def validate_clock(text: str) -> str:
    """A local time of day, unchanged."""
    if _CLOCK.fullmatch(text) is None:
        raise ValueError("is not a time of day such as 12:00")
    return text


def validate_time_zone(text: str) -> str:
    """The name of an IANA time zone, unchanged."""
    zones.zone(text)
    return text
