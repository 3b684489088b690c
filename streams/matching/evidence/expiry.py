"""Posts by age, so that each is removed at the very moment at which it stops counting.

Invariants: the result depends on the moment alone, never on how often it is asked, so the spacing of ticks changes
nothing.
Why: posts are in buckets by UTC day, and only the bucket that the limit crosses is sorted. So the work is constant per
post, whatever the order of arrival.
"""

from bisect import insort
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

from schemas.times import DAY_MS
from streams.matching.state import ORDER_BITS, Post

NOTHING = 1 << 62  # later than every time
_DAY_STAMP = DAY_MS << ORDER_BITS


def _newest_first(post: Post) -> int:
    return -post.stamp


class ExpiryQueue:
    """A queue of posts by age."""

    def __init__(self) -> None:
        self.oldest = NOTHING  # no post is older than this (ms): a cheap lower bound
        self._days: dict[int, list[Post]] = {}
        self._order: list[int] = []
        self._crossed = -1
        self._sorted: list[Post] = []

    def add(self, post: Post) -> None:
        """Adds a post."""
        day = post.stamp // _DAY_STAMP
        if day <= self._crossed:
            insort(self._sorted, post, key=_newest_first)
            self.oldest = min(self.oldest, post.stamp >> ORDER_BITS)
            return
        bucket = self._days.get(day)
        if bucket is None:
            bucket = self._days[day] = []
            heappush(self._order, day)
            self.oldest = min(self.oldest, day * DAY_MS)
        bucket.append(post)

    def fill(self, posts: Iterable[Post]) -> None:
        """Adds many posts at once; only before the first ``pop_expired``."""
        days = self._days
        for post in posts:
            day = post.stamp // _DAY_STAMP
            if day in days:
                days[day].append(post)
            else:
                self.add(post)

    def pop_expired(self, limit: int) -> Iterator[Post]:
        """Removes and yields every post with ``at <= limit`` (ms), oldest first."""
        past = (limit + 1) << ORDER_BITS
        while True:
            while self._sorted and self._sorted[-1].stamp < past:
                yield self._sorted.pop()
            if self._sorted or not self._order or self._order[0] * _DAY_STAMP >= past:
                break
            self._crossed = heappop(self._order)
            self._sorted = sorted(self._days.pop(self._crossed), key=_newest_first)
        if self._sorted:
            self.oldest = self._sorted[-1].stamp >> ORDER_BITS
        else:
            self.oldest = self._order[0] * DAY_MS if self._order else NOTHING
