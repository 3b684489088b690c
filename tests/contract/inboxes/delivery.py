"""Each output once, to those in ``to``."""

import pytest

from schemas.outputs import AnyOutput
from streams.runtime.inboxes import InboxLostError, InboxUnavailableError
from tests.inbox.conftest import Stores
from tests.inbox.made import CONFERENCE, history, suggested
from tests.inbox.seen import awaited, everything, inbox

ADA, BOB, CY, DEE = "ada", "bob", "cy", "dee"
PAIR = (ADA, BOB)


class Delivery:
    """Each output once, to those in ``to``."""

    @awaited
    async def test_an_empty_store_says_so(self, stores: Stores) -> None:
        async with stores.open() as inboxes:
            assert await inboxes.checkpoint(CONFERENCE) is None
            with pytest.raises(InboxLostError) as lost:
                await inboxes.deliver(CONFERENCE, [suggested("3-0", PAIR)])
            assert lost.value.delivered is None
            with pytest.raises(InboxUnavailableError):
                await inboxes.read(CONFERENCE, ADA)

    @awaited
    async def test_only_those_in_to_get_it(self, stores: Stores) -> None:
        async with stores.open() as inboxes:
            assert await inboxes.rebuild(CONFERENCE, []) == ""
            assert await inboxes.checkpoint(CONFERENCE) == ""
            again = suggested("5-1", PAIR, to=[ADA])
            assert await inboxes.deliver(CONFERENCE, [suggested("3-0", PAIR), again]) == "5-1"
            assert [position for position, _ in await inbox(inboxes, ADA)] == ["3-0", "5-1"]
            assert [position for position, _ in await inbox(inboxes, BOB)] == ["3-0"]
            assert await inbox(inboxes, CY) == []

    @awaited
    async def test_an_output_to_nobody_moves_the_mark(self, stores: Stores) -> None:
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, [])
            assert await inboxes.deliver(CONFERENCE, [suggested("3-0", PAIR, to=[])]) == "3-0"
            assert await inboxes.checkpoint(CONFERENCE) == "3-0"

    @awaited
    @pytest.mark.parametrize("zombie", [["9-0", "10-0", "10-1"], ["10-1"], ["2-5", "3-0"]])
    async def test_repeated_and_older_positions_change_nothing(self, stores: Stores, zombie: list[str]) -> None:
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, [])
            await inboxes.deliver(CONFERENCE, [suggested(at, PAIR, f"m{at}") for at in ("9-0", "10-0", "10-1")])
            before = await everything(inboxes, PAIR)
            late: list[AnyOutput] = [suggested(at, PAIR, "late") for at in zombie]
            assert await inboxes.deliver(CONFERENCE, late) == "10-1"
            assert await everything(inboxes, PAIR) == before

    @awaited
    async def test_of_a_batch_half_old_the_new_half_enters(self, stores: Stores) -> None:
        outputs = history(1)
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, outputs)
            clean = await everything(inboxes)
            await inboxes.rebuild(CONFERENCE, [])
            for at in range(0, len(outputs), 5):
                await inboxes.deliver(CONFERENCE, outputs[max(0, at - 7) : at + 5])
            assert await everything(inboxes) == clean

    @awaited
    async def test_outputs_out_of_order_are_a_bug(self, stores: Stores) -> None:
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, [])
            with pytest.raises(AssertionError):
                await inboxes.deliver(CONFERENCE, [suggested("10-0", PAIR), suggested("9-9", PAIR)])

    @awaited
    async def test_conferences_are_apart(self, stores: Stores) -> None:
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, [suggested("3-0", PAIR)])
            await inboxes.rebuild("other", [suggested("4-0", (ADA, CY))])
            await inboxes.forget("other")
            assert await inboxes.checkpoint("other") is None
            assert len(await inbox(inboxes, ADA)) == 1
