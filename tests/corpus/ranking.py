"""How well scores foretell who will talk: average precision on real posts, beside a mere count of mentions.

Owns: the evaluation. May never: change how the engine scores.
History is the first 60 % of an event's distinct posts (by time, then line). Candidates are all pairs of accounts
that post in both parts; true are those that address each other, either way and not by reposts, in the last 40 %. The
peer counts posts of the history in either direction, reposts left out. Equal scores: by names, or the expectation over
any order of them.
"""

import json
from collections import Counter
from collections.abc import Callable
from itertools import combinations, groupby

from schemas.codec import Codec, Record
from streams.matching import Matcher
from streams.matching.explanation.listing import ties_of
from tests.corpus.conference import attendee, opened, registrations
from tests.corpus.posts import HASHTAGS, Json, accounts, addressed, distinct, posts

HISTORY = 0.6
Pair = tuple[str, str]
Ranked = list[tuple[float, bool]]  # (score, true), the strongest first, equal ones by names


def pair(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


def mentions(said: list[Json]) -> Counter[Pair]:
    """How often two addressed each other, either way, by what is no repost."""
    return Counter(pair(post["actor"], other) for post in said if not post["repost_of"] for other in addressed(post))


def scores(name: str, history: list[Json], chats: bool) -> dict[Pair, float]:
    """What `ties --all` says after the history, by accounts."""
    everybody = accounts(history)
    account_of = {attendee(account): account for account in everybody}
    events = [opened(name, HASHTAGS[name], HASHTAGS[name] if chats else ()), *registrations(name, everybody), *history]
    codec, matcher = Codec(), Matcher(name)
    for event in events:
        record = codec.decode(json.dumps(event).encode())
        assert isinstance(record, Record)
        matcher.apply(record.event, record.at, record.recorded)
    return {pair(account_of[tie.a], account_of[tie.b]): tie.score for tie in ties_of(matcher, everything=True)}


def by_names(ranked: Ranked) -> float:
    """Average precision in the order given."""
    hits, total = 0, 0.0
    for rank, (_, true) in enumerate(ranked, start=1):
        if true:
            hits += 1
            total += hits / rank
    return total / hits


def expected(ranked: Ranked) -> float:
    """Average precision, the expectation over all orders of equal scores."""
    rank, hits, total = 0, 0, 0.0
    for _, group in groupby(ranked, key=lambda one: one[0]):
        flags = [true for _, true in group]
        size, true = len(flags), sum(flags)
        others = (true - 1) / (size - 1) if size > 1 else 0.0
        if true:
            total += true / size * sum((hits + 1 + place * others) / (rank + place + 1) for place in range(size))
        rank, hits = rank + size, hits + true
    return total / hits


MEASURES: dict[str, Callable[[Ranked], float]] = {"names": by_names, "expected": expected}


def ratios(name: str, chats: bool = False) -> dict[str, tuple[float, float]]:
    """By measure: (average precision of the scores, that of the mention count)."""
    said = distinct(posts(name))
    cut = int(len(said) * HISTORY)
    history, future = said[:cut], said[cut:]
    both = sorted({post["actor"] for post in history} & {post["actor"] for post in future})
    candidates = list(combinations(both, 2))
    truth = mentions(future)

    def ranked(of: dict[Pair, float] | Counter[Pair]) -> Ranked:
        order = sorted(candidates, key=lambda two: -of.get(two, 0))  # stable: equal ones stay by names
        return [(of.get(two, 0), two in truth) for two in order]

    ours, peer = ranked(scores(name, history, chats)), ranked(mentions(history))
    return {measure: (precision(ours), precision(peer)) for measure, precision in MEASURES.items()}
