"""What the tests look at: everything a store tells, and conditions that are waited for."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from functools import wraps
from typing import Any

from schemas.outputs import AnyOutput
from services.inbox.port import Inboxes
from tests.inbox.made import CONFERENCE, people

TEST_S = 60.0


def awaited(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """An async test as pytest wants it: in a loop of its own, with a time limit."""

    @wraps(test)
    def run(*args: Any, **named: Any) -> None:
        async def limited() -> None:
            async with asyncio.timeout(TEST_S):
                await test(*args, **named)

        asyncio.run(limited())

    return run


async def until(is_so: Callable[[], Any], within_s: float = 10.0) -> Any:
    """Waits for a condition (plain or async)."""
    async with asyncio.timeout(within_s):
        while True:
            found = is_so()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(0.005)


async def inbox(inboxes: Inboxes, attendee: str, conference: str = CONFERENCE) -> list[tuple[str, bytes]]:
    """All entries, page by page: their positions and views. Their cursors are 1, 2, 3, …."""
    found: list[tuple[str, bytes]] = []
    while page := await inboxes.read(conference, attendee, len(found), 7):
        assert [entry.cursor for entry in page] == list(range(len(found) + 1, len(found) + len(page) + 1))
        found += [(entry.position, entry.view) for entry in page]
    return found


async def everything(inboxes: Inboxes, who: Iterable[str] | None = None) -> dict[str, Any]:
    """All that a store tells of a conference."""
    told: dict[str, Any] = {"mark": await inboxes.checkpoint(CONFERENCE)}
    for attendee in people(6) if who is None else who:
        current = await inboxes.current(CONFERENCE, attendee)
        shown = {card.card: await inboxes.card_state(CONFERENCE, attendee, card.card) for card in current.cards}
        told[attendee] = (await inbox(inboxes, attendee), current, shown)
    return told


async def all_of(inboxes: Inboxes, attendee: str, outputs: Sequence[AnyOutput], after: int = 0) -> list[str]:
    """Follows until the last of the outputs to this attendee; the positions that came."""
    wanted = [output.position for output in outputs if attendee in output.to]
    found: list[str] = []
    async with aclosing(inboxes.follow(CONFERENCE, attendee, after)) as stream:
        async for entries in stream:
            found += [entry.position for entry in entries]
            if found and found[-1] == wanted[-1]:
                break
    return found
