"""The forms of names: accounts, hashtags, ids, sources, time zones.

Owns: normalisation (NFKC, case folded, no leading ``@`` or ``#``) and what a well-formed name is.
May never: look anything up. Each function returns the normal form or raises ValueError with the end of a sentence
("… is not an account …") for a person.
Theory: case folding may leave a text that NFKC changes again, so both are done twice (Unicode, "Caseless matching").
"""

import re
import unicodedata

from schemas import zones

NAME_CHARS = 256  # the longest handle known (a fediverse address) is below; bounds the memory for each account
_ID = re.compile(r"[A-Za-z0-9_.\-]{1,128}")
_SOURCE = re.compile(r"(?:connector|organizer|attendee):[A-Za-z0-9_.\-]{1,128}")
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)


def folded(text: str) -> str:
    """A text as names are compared: whatever its case and form of signs."""
    if text.isascii():
        return text.lower()
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFKC", once.casefold())


def _bare(text: str) -> str:
    """Without signs and white space around it."""
    return text.strip().lstrip("@# \t\r\n").strip()


def account(text: str) -> str:
    """``network:handle``, normalised; the handle may hold further colons, as a DID does."""
    network, colon, handle = _bare(folded(text)).partition(":")
    network, handle = network.strip(), _bare(handle)
    if not (colon and network and handle) or len(handle) + len(network) >= NAME_CHARS:
        raise ValueError(f"is not an account: it is network:handle, such as x:ada, up to {NAME_CHARS} characters")
    return f"{network}:{handle}"


def hashtag(text: str) -> str:
    """A hashtag, normalised."""
    tag = _bare(folded(text))
    if not tag or len(tag) > NAME_CHARS:
        raise ValueError(f"is not a hashtag of 1 to {NAME_CHARS} characters")
    return tag


def plain_id(text: str) -> str:
    """The id of an attendee, a conference or a place."""
    if _ID.fullmatch(text) is None:
        raise ValueError("is not an id of 1 to 128 characters out of A-Z a-z 0-9 _ . -")
    return text


def person(text: str) -> str:
    """Somebody to block: an attendee's id, or an account (which has a colon)."""
    return account(text) if ":" in folded(text) else plain_id(text)


def source(text: str) -> str:
    """Who brought an event."""
    if _SOURCE.fullmatch(text) is None:
        raise ValueError("is not a source: it is connector:ID, organizer:ID or attendee:ID")
    return text


def clock(text: str) -> str:
    """A local time of day."""
    if _CLOCK.fullmatch(text) is None:
        raise ValueError("is not a time of day such as 12:00")
    return text


def time_zone(text: str) -> str:
    """The name of a time zone of the IANA data."""
    zones.zone(text)
    return text
