"""Ids that are derived, so that every replay has the same: of matches and of outputs; and digests of what was erased.

May never: hold anything secret or one-sided in a form that its receiver could take apart, as an output's id is seen
by the people in ``to``: all ids are digests.
"""

from hashlib import blake2b


def _digest(*parts: str, size: int) -> str:
    return blake2b("\x1f".join(parts).encode(), digest_size=size).hexdigest()


def match_id(conference: str, a: str, b: str, withdrawals: int) -> str:
    """The id of the match of two attendees (in either order) after that many earlier withdrawals."""
    first, second = sorted((a, b))
    return "m-" + _digest("match", conference, first, second, str(withdrawals), size=12)


def output_id(match: str, kind: str, *parts: str) -> str:
    """The id of an output of a match; ``parts`` tell it from the others of its kind."""
    return "o-" + _digest("output", match, kind, *parts, size=12)


def trace(conference: str, text: str) -> str:
    """What stays of an erased name or post id: enough to recognise it, not to read it."""
    return _digest("erased", conference, text, size=16)
