"""One-time codes: their format, and finding them in what an account shows publicly.

Why: a code is public once it is posted, so knowing it proves nothing; only its place does, where only the account's
owner can write. A code of 40 bits, at most 5 an hour, does not appear in a post by chance.
"""

import re
import secrets

from services.directory.port import PublicProfile

MOST_TEXTS = 50
TEXT_CHARS = 10_000
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 signs, none of which looks like another
_CODE = re.compile(rf"hallway-([{_ALPHABET}]{{8}})(?![a-z0-9])", re.IGNORECASE | re.ASCII)


def new_code() -> str:
    """A random code."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


def text_of(code: str) -> str:
    """The text to post for a code."""
    return f"hallway-{code}"


def codes_in(shown: PublicProfile) -> list[str]:
    """The codes in the first texts, looking only at the start of each; sorted."""
    texts = [text[:TEXT_CHARS] for text in shown.texts[:MOST_TEXTS]]
    return sorted({code.lower() for text in texts for code in _CODE.findall(text)})
