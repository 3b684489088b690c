"""What is older than counts goes away by itself, at the very moment at which it stops counting.

Owns: posts and sessions in the order of their age. May never: depend on how often it is asked; it gives the same at
the same moment, so that the spacing of ticks changes nothing.
Theory: posts lie in buckets by UTC day; only the bucket that the limit crosses is kept sorted. So the work is
constant for each post, whatever the order of arrival.
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


class Ageing:
    """Posts by age."""

    def __init__(self) -> None:
        self.oldest = NOTHING  # no post is older than this moment (ms): a bound for who is in a hurry
        self._days: dict[int, list[Post]] = {}
        self._order: list[int] = []
        self._crossed = -1
        self._sorted: list[Post] = []

    def add(self, post: Post) -> None:
        """Takes a post in."""
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
        """Takes many posts in at once, before the first was taken out."""
        days = self._days
        for post in posts:
            day = post.stamp // _DAY_STAMP
            if day in days:
                days[day].append(post)
            else:
                self.add(post)

    def take(self, limit: int) -> Iterator[Post]:
        """Gives, once, every post with ``at <= limit``, the oldest first."""
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
