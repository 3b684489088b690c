"""One-time codes: their form, and how they are found in what an account shows.

Why: a code is public once it is posted, so it proves nothing by being known: only by standing where only the owner
writes. A code of 40 bits, 5 an hour, is not in a post by chance.
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
    """What is posted."""
    return f"hallway-{code}"


def codes_in(shown: PublicProfile) -> list[str]:
    """The codes that stand in the first texts, each in its first part; sorted."""
    texts = [text[:TEXT_CHARS] for text in shown.texts[:MOST_TEXTS]]
    return sorted({code.lower() for text in texts for code in _CODE.findall(text)})
