"""A failing history made short: for those drawn by a seed, which Hypothesis cannot shrink."""

from collections.abc import Callable

from tests.histories.choices import Json


def shortest(events: list[Json], fails: Callable[[list[Json]], bool]) -> list[Json]:
    """A history that still fails, from which no event can be left out."""
    size = len(events) // 2
    while size:
        start = 0
        while start < len(events):
            fewer = events[:start] + events[start + size :]
            if fails(fewer):
                events = fewer
            else:
                start += size
        size = size // 2 if size > 1 or start == 0 else 0
    return events
