"""What a story must lead to.

Owns: short forms of expected outputs; each holds what the rule is about, always type, match, `to`.
May never: know a runner.
"""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from tests.scenarios.story import when

Json = dict[str, Any]


def _output(kind: str, a: str, b: str, n: int, to: Sequence[str], at: str | None, by: str | None, rest: Json) -> Json:
    output: Json = {"type": f"match.{kind}", "match": (a, b, n), "to": list(to)}
    output |= {"at": when(at)} if at else {}
    output |= {"caused_by": by} if by else {}
    return output | rest


def suggested(
    a: str,
    b: str,
    *,
    to: Sequence[str] | None = None,
    n: int = 0,
    at: str | None = None,
    by: str | None = None,
    **rest: Any,
) -> Json:
    """The n-th match of a pair is suggested, `by` the input with this id."""
    return _output("suggested", a, b, n, to or (a, b), at, by, {"attendees": [a, b], **rest})


def agreed(a: str, b: str, *, n: int = 0, at: str | None = None, by: str | None = None, **rest: Any) -> Json:
    return _output("agreed", a, b, n, (a, b), at, by, {"attendees": [a, b], **rest})


def located(
    who: str, place: str, *, to: str, n: int = 0, at: str | None = None, by: str | None = None, **rest: Any
) -> Json:
    a, b = sorted((who, to))
    return _output("located", a, b, n, (to,), at, by, {"attendee": who, "place": place, **rest})


def withdrawn(
    a: str,
    b: str,
    cause: str,
    *,
    to: Sequence[str] | None = None,
    n: int = 0,
    at: str | None = None,
    by: str | None = None,
    **rest: Any,
) -> Json:
    return _output("withdrawn", a, b, n, to or (a, b), at, by, {"attendees": [a, b], "cause": cause, **rest})


def conversation(count: int, last_at: str, *posts: str, hashtag: str | None = None) -> Json:
    """A reason: `count` posts, the newest ids first."""
    return _reason("conversation", hashtag, count, last_at, posts)


def chat(hashtag: str, count: int, last_at: str, *posts: str) -> Json:
    """A reason: `count` common sessions."""
    return _reason("chat", hashtag, count, last_at, posts)


def _reason(kind: str, hashtag: str | None, count: int, last_at: str, posts: Sequence[str]) -> Json:
    return {"kind": kind, "hashtag": hashtag, "count": count, "last_at": when(last_at), "posts": list(posts)}


def check(outputs: Sequence[Json], *expected: Json) -> None:
    """Exactly these outputs, in this order; of each, the fields that the expectation names."""
    seen = [
        {name: output.get(name, "(missing)") for name in wanted} if output and wanted else output
        for output, wanted in zip_longest(outputs, expected)
    ]
    assert seen == [*expected, *[None] * (len(seen) - len(expected))]
