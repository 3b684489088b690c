"""Normalizes and validates a person's fields for storage and comparison."""

import re
import unicodedata

from msgspec.structs import replace

from schemas.folding import strip_invisible
from services.directory.port import Person

NAME_CHARS = 200
EMAIL_CHARS = 254  # RFC 5321's path without its brackets
PICTURE_CHARS = 2_048
_SPACES = frozenset(("Zs", "Zl", "Zp", "Cc"))
# Bidi marks, zero-width spaces, soft hyphen, fillers, interlinear and tag signs; lone halves of a sign.
_UNSEEN = re.compile(
    "[\u00ad\u061c\u115f\u1160\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)


def email_form(text: str) -> str:
    """An e-mail address in its normal form: trimmed, lower case, without invisible characters."""
    return strip_invisible(text).strip().lower()


def name_form(text: str) -> str:
    """A name in its normal form: one line, single spaces, composed, without characters that reverse or hide text.

    Joiners and variation selectors stay: Persian, Sinhala and Japanese names need them.
    """
    spaced = "".join(" " if unicodedata.category(sign) in _SPACES else sign for sign in text)
    return unicodedata.normalize("NFC", " ".join(_UNSEEN.sub("", spaced).split()))


def fault_in(person: Person) -> tuple[str, str] | None:
    """The invalid field and the end of a sentence about it, or None."""
    if len(name_form(person.name)) > NAME_CHARS:
        return "name", f"is not a name of at most {NAME_CHARS} characters"
    address = person.email
    local, at, host = address.rpartition("@")
    good = bool(at and local and host) and "@" not in local and address.isprintable() and " " not in address
    if address and not (good and len(address) <= EMAIL_CHARS):
        return "email", "is not an e-mail address, such as ada@example.org"
    picture = person.picture
    if picture and not (picture.startswith("https://") and picture.isprintable() and len(picture) <= PICTURE_CHARS):
        return "picture", "is not an address that begins with https://"
    return None


def checked(person: Person) -> Person:
    """The person with normalized fields. ValueError with a sentence for a person where a field is invalid."""
    person = replace(person, name=name_form(person.name), email=email_form(person.email))
    fault = fault_in(person)
    if fault is not None:
        raise ValueError(" ".join(fault))
    return person
