"""Derived ids of matches and outputs, the same in every replay; and digests of erased names and ids.

Invariants: all ids are digests. The people in ``to`` see an output's id, so nothing private may be readable in it.
"""

from hashlib import blake2b


def _digest(*parts: str, size: int) -> str:
    return blake2b("\x1f".join(parts).encode(), digest_size=size).hexdigest()


def match_id(conference: str, a: str, b: str, withdrawals: int) -> str:
    """The id of the match of two attendees (in either order) after that many earlier withdrawals."""
    first, second = sorted((a, b))
    return "m-" + _digest("match", conference, first, second, str(withdrawals), size=12)


def output_id(match: str, kind: str, *parts: str) -> str:
    """The id of an output of a match; ``parts`` distinguish it from others of its kind."""
    return "o-" + _digest("output", match, kind, *parts, size=12)


def trace(conference: str, text: str) -> str:
    """A digest that remains of an erased name or post id: enough to recognize it, not to read it."""
    return _digest("erased", conference, text, size=16)
