"""Nothing with or about the erased stays; others keep the number of their entries, and that a card is over."""

import random

import pytest
from msgspec import json

from services.inbox.port import CardState
from tests.inbox.conftest import Stores
from tests.inbox.made import CONFERENCE, agreed, history, located, people, suggested, withdrawn
from tests.inbox.seen import awaited, everything, inbox

ADA, BOB, CY, DEE = "ada", "bob", "cy", "dee"
PAIR = (ADA, BOB)


class Erasing:
    """Nothing with or about the erased stays; others keep the number of their entries, and that a card is over."""

    @awaited
    async def test_the_others_keep_the_withdrawal_alone(self, stores: Stores) -> None:
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, [suggested("3-0", PAIR), agreed("4-0", PAIR)])
            await inboxes.deliver(CONFERENCE, [suggested("5-0", (ADA, CY), "m2"), located("6-0", BOB, ADA)])
            for _ in range(2):
                await inboxes.erase(CONFERENCE, BOB)
            assert [position for position, _ in await inbox(inboxes, ADA)] == ["3-0", "4-0", "5-0", "6-0"]
            current = await inboxes.current(CONFERENCE, ADA)
            assert ([card.card for card in current.cards], current.pending_withdrawals) == (["m2"], {"m1"})
            assert await inboxes.card_state(CONFERENCE, ADA, "m1") == CardState("", True)
            assert await inbox(inboxes, BOB) == []
            await inboxes.deliver(CONFERENCE, [withdrawn("7-0", PAIR, cause="erased", to=[ADA])])
            kinds = [json.decode(view)["kind"] for _, view in await inbox(inboxes, ADA)]
            assert kinds == ["withdrawn", "withdrawn", "suggested", "withdrawn", "withdrawn"]
            assert not (await inboxes.current(CONFERENCE, ADA)).pending_withdrawals
            assert await inboxes.card_state(CONFERENCE, ADA, "m1") == CardState("", False)

    @awaited
    @pytest.mark.parametrize("seed", range(8))
    async def test_numbers_are_those_of_a_rebuild_wherever_the_erasure_came(self, stores: Stores, seed: int) -> None:
        """The store hears of it before, between or after what was delivered; others' numbers do not shift."""
        chance, outputs, gone = random.Random(seed), history(seed), people(6)[seed % 6]
        others = [who for who in people(6) if who != gone]
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, outputs)
            numbers = {who: [at for at, _ in await inbox(inboxes, who)] for who in others}
            await inboxes.rebuild(CONFERENCE, outputs, [gone])
            clean = await everything(inboxes, others)
            for heard in (0, chance.randrange(120), 120):
                await inboxes.rebuild(CONFERENCE, outputs[:heard])
                await inboxes.erase(CONFERENCE, gone)
                await inboxes.deliver(CONFERENCE, outputs[heard:], [gone])
                assert await everything(inboxes, others) == clean
            assert {who: [at for at, _ in await inbox(inboxes, who)] for who in others} == numbers

    @awaited
    async def test_one_who_got_nothing_yet_is_erased_from_the_others_too(self, stores: Stores) -> None:
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, [suggested("3-0", PAIR, to=[ADA])])
            await inboxes.erase(CONFERENCE, BOB)
            await inboxes.erase("never-seen", BOB)
            assert await inbox(inboxes, ADA) == [("3-0", b'{"kind":"withdrawn","card":"m1"}')]
            assert (await inboxes.current(CONFERENCE, ADA)).cards == ()
            assert await inboxes.card_state(CONFERENCE, ADA, "m1") == CardState("", True)
