"""The format of keys, links and sessions, and the rules for making a key.

Why: a token is ``hw.KIND.ID.SECRET``. ID is public and finds the row; of SECRET (256 random bits) the directory stores
only a keyed digest.
"""

from collections.abc import Sequence
from typing import Literal

from schemas.names import validate_id
from services.directory.port import MOST_KEY_DAYS, RESERVED_CONNECTORS, Role

Kind = Literal["key", "link", "session"]

TOKEN_CHARS = 128


def token_of(kind: Kind, name: str, value: str) -> str:
    """The token that the holder gets."""
    return f"hw.{kind}.{name}.{value}"


def parts_of(token: str) -> tuple[str, str, str]:
    """(kind, id, secret) of a token; empty strings for any other text."""
    parts = token.split(".") if len(token) <= TOKEN_CHARS and token.isascii() else []
    return (parts[1], parts[2], parts[3]) if len(parts) == 4 and parts[0] == "hw" else ("", "", "")


def check_key(role: Role, subject: str, conferences: Sequence[str], checkins: bool, days: int) -> None:
    """ValueError with a sentence for a person where such a key may not be made."""
    if role == "attendee":
        raise ValueError("Attendees get links, not keys.")
    for name, value in (("name", subject), *(("conference", one) for one in conferences)):
        try:
            validate_id(value)
        except ValueError as error:
            raise ValueError(f"The {name} {error}.") from None
    if role == "connector" and subject in RESERVED_CONNECTORS:
        raise ValueError(f"The name {subject} is reserved for the server. Choose another one for the connector.")
    if checkins and not (role == "connector" and conferences):
        raise ValueError("Only a connector's key that names its conferences may have check-ins.")
    if not 1 <= days <= MOST_KEY_DAYS:
        raise ValueError(f"A key is valid for 1 to {MOST_KEY_DAYS} days.")
