"""The law: whatever others do in private towards ada, every byte that she gets stays the same, as long as a card lasts.

Each story is played twice over HTTP, with what is private filled in in two ways; her inbox, her blocks, what her own
answers give, her live stream and her stream resumed from every cursor are compared, with statuses and headers.
"""

import asyncio
import os
from collections import Counter

import pytest

from tests.private.hall import in_memory
from tests.private.playing import Seen, play
from tests.private.stories import Story, story

STORIES, MANY = 30, int(os.environ.get("HALLWAY_STORIES", "200"))
STORY_S = 120.0


async def _played(made: Story, way: int) -> Seen:
    async with asyncio.timeout(STORY_S), in_memory() as hall:
        return await play(hall, made, made.filled(way))


def compare(one: Seen, other: Seen, seed: int) -> None:
    """Fails with the first thing that differs, and with what was done in private."""
    for mine, theirs in zip(one.told, other.told, strict=False):
        assert mine == theirs, f"seed {seed}: in private {one.acts}\n      or {other.acts}\n{_apart(mine, theirs)}"
    assert len(one.told) == len(other.told), f"seed {seed}"


def _apart(mine: object, theirs: object) -> str:
    """Where two things that were told begin to differ."""
    texts = repr(mine), repr(theirs)
    at = next((n for n, (one, other) in enumerate(zip(*texts, strict=False)) if one != other), 0)
    return "\n".join(f"  …{text[max(0, at - 300) : at + 300]}…" for text in texts)


def hold(seeds: range) -> Counter[str]:
    """Plays and compares; how much there was to see."""
    found: Counter[str] = Counter()
    for seed in seeds:
        made = story(seed)
        one, other = (asyncio.run(_played(made, way)) for way in (1, 2))
        compare(one, other, seed)
        found += one.counts
        found["replaced"] += len(set(one.acts) ^ set(other.acts))
        found.update(act.rpartition("~")[2] for act in (*one.acts, *other.acts))
    return found


def check(found: Counter[str], stories: int) -> None:
    """Not for nothing: there were cards, agreements and ends, and much was replaced."""
    assert found["suggested"] > 2 * stories, found
    assert found["withdrawn"] > stories, found
    assert found["agreed"] >= stories // 8, found
    assert found["replaced"] > 2 * stories, found
    assert found["ada 200"] > 3 * stories, found
    acts = {"accepted", "later", "declined", "met", "not_met", "here", "block", "block account"}
    assert all(found[act] for act in acts), found


def test_nothing_private_shows() -> None:
    check(hold(range(STORIES)), STORIES)


@pytest.mark.torture
@pytest.mark.timeout(3_600)
def test_nothing_private_shows_in_many_stories() -> None:
    """``HALLWAY_STORIES`` says how many."""
    check(hold(range(1_000, 1_000 + MANY)), MANY)
