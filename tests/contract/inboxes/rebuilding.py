"""A store that was emptied becomes what it was."""

import random
from collections.abc import AsyncIterator

import pytest
from msgspec import json

from schemas.outputs import AnyOutput
from streams.runtime.inboxes import InboxLostError, InboxUnavailableError
from tests.inbox.conftest import Stores
from tests.inbox.made import CONFERENCE, history, people, suggested
from tests.inbox.seen import awaited, everything, inbox


def _named(output: AnyOutput) -> set[str]:
    return set(output.to) | set(getattr(output, "attendees", ())) | {getattr(output, "attendee", "")}


class Rebuilding:
    """Making inboxes anew."""

    @awaited
    @pytest.mark.parametrize("seed", range(6))
    async def test_rebuilt_equals_delivered_with_erasures(self, stores: Stores, seed: int) -> None:
        chance, outputs = random.Random(seed), history(seed, outputs=200)
        log: list[AnyOutput] = []
        erased: set[str] = set()
        erasures = chance.sample(range(0, 200, 10), 2)
        async with stores.open(keep=1000) as inboxes:
            await inboxes.rebuild(CONFERENCE, [])
            for at in range(0, 200, 10):
                # As in the log: after an erasure nothing names the erased any more.
                batch = [output for output in outputs[at : at + 10] if not _named(output) & erased]
                await inboxes.deliver(CONFERENCE, batch)
                log += batch
                if at in erasures:
                    erased.add(chance.choice(people(6)))
                    for attendee in erased:
                        await inboxes.erase(CONFERENCE, attendee)
            before = await everything(inboxes)
            await inboxes.rebuild(CONFERENCE, log, erased)
            assert await everything(inboxes) == before

    @awaited
    async def test_nobody_sees_it_half_built(self, stores: Stores) -> None:
        outputs = history(5, outputs=900)
        async with stores.open(keep=1000) as inboxes:
            await inboxes.rebuild(CONFERENCE, outputs)
            clean = await everything(inboxes)
            seen: list[str] = []

            async def watched() -> AsyncIterator[AnyOutput]:
                for number, output in enumerate(outputs):
                    if number % 300 == 0:
                        assert await inboxes.checkpoint(CONFERENCE) is None
                        for attempt in (
                            inboxes.read(CONFERENCE, people(1)[0]),
                            inboxes.current(CONFERENCE, people(1)[0]),
                            inboxes.deliver(CONFERENCE, [outputs[-1]]),
                        ):
                            with pytest.raises(InboxUnavailableError):
                                await attempt
                            seen.append(output.position)
                    yield output

            assert await inboxes.rebuild(CONFERENCE, watched()) == outputs[-1].position
            assert len(seen) == 9
            assert await everything(inboxes) == clean

    @awaited
    async def test_a_rebuild_that_failed_is_seen_and_done_again(self, stores: Stores) -> None:
        outputs = history(6, outputs=500)

        async def broken() -> AsyncIterator[AnyOutput]:
            for output in outputs[:450]:
                yield output
            raise OSError("the journal went away")

        async with stores.open(keep=1000) as inboxes:
            await inboxes.rebuild(CONFERENCE, outputs)
            clean = await everything(inboxes)
            with pytest.raises(OSError, match="went away"):
                await inboxes.rebuild(CONFERENCE, broken())
            assert await inboxes.checkpoint(CONFERENCE) is None
            await inboxes.rebuild(CONFERENCE, outputs)
            assert await everything(inboxes) == clean

    @awaited
    async def test_who_is_erased_while_it_is_built_stays_erased(self, stores: Stores) -> None:
        pair = ("ada", "bob")

        async def outputs() -> AsyncIterator[AnyOutput]:
            for n in range(3, 603):
                if n == 300:
                    await inboxes.erase(CONFERENCE, "bob")
                yield suggested(f"{n}-0", pair, f"m{n}")

        async with stores.open(keep=1000) as inboxes:
            await inboxes.rebuild(CONFERENCE, outputs())
            assert await inbox(inboxes, "bob") == []
            read = await inbox(inboxes, "ada")
            assert [json.decode(view)["kind"] for _, view in read] == ["withdrawn"] * 600
            assert (await inboxes.current(CONFERENCE, "ada")).cards == ()

    @awaited
    async def test_what_is_lost_on_purpose_is_found_lost_and_made_again(self, stores: Stores) -> None:
        outputs = history(8, outputs=50)
        async with stores.open(keep=1000) as inboxes:
            assert not await inboxes.invalidate(CONFERENCE)  # there is nothing
            await inboxes.rebuild(CONFERENCE, outputs)
            clean = await everything(inboxes)
            assert await inboxes.invalidate(CONFERENCE)
            assert await inboxes.checkpoint(CONFERENCE) is None
            with pytest.raises(InboxUnavailableError):
                await inboxes.read(CONFERENCE, "ada")
            with pytest.raises(InboxLostError):
                await inboxes.deliver(CONFERENCE, outputs[-1:])

            async def watched() -> AsyncIterator[AnyOutput]:
                for output in outputs:
                    assert not await inboxes.invalidate(CONFERENCE)  # what is under way goes on
                    yield output

            await inboxes.rebuild(CONFERENCE, watched())
            assert await everything(inboxes) == clean
