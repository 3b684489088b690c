"""The port, on every implementation: delivery, reading, cards, numbers, erasure, rebuilding."""

import random

import pytest
from msgspec import json

from schemas.outputs import AnyOutput
from services.inbox.cursor import cursor_of
from services.inbox.port import Entry, InboxLostError, InboxUnavailableError, ResumeLostError, Shown
from tests.inbox.conftest import Stores
from tests.inbox.made import CAUSES, CONFERENCE, agreed, history, located, people, suggested, withdrawn
from tests.inbox.seen import awaited, everything, inbox

ADA, BOB, CY, DEE = "ada", "bob", "cy", "dee"
PAIR = (ADA, BOB)


class TestDelivery:
    """Each output once, to those in ``to``."""

    @awaited
    async def test_an_empty_store_says_so(self, stores: Stores) -> None:
        async with stores.open() as inboxes:
            assert await inboxes.delivered(CONFERENCE) is None
            with pytest.raises(InboxLostError) as lost:
                await inboxes.deliver(CONFERENCE, [suggested("3-0", PAIR)])
            assert lost.value.delivered is None
            with pytest.raises(InboxUnavailableError):
                await inboxes.read(CONFERENCE, ADA)

    @awaited
    async def test_only_those_in_to_get_it(self, stores: Stores) -> None:
        async with stores.open() as inboxes:
            assert await inboxes.rebuild(CONFERENCE, []) == ""
            assert await inboxes.delivered(CONFERENCE) == ""
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
            assert await inboxes.delivered(CONFERENCE) == "3-0"

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
            assert await inboxes.delivered("other") is None
            assert len(await inbox(inboxes, ADA)) == 1


class TestReading:
    """Pages, resuming, bounds."""

    @awaited
    async def test_pages_join_without_gap_or_double(self, stores: Stores) -> None:
        places = [f"{n}-{i}" for n in (8, 9, 10, 99, 100) for i in range(11)]
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, [suggested(at, PAIR, f"m{at}") for at in places])
            for limit in (1, 2, 54, 55, 56):
                found: list[Entry] = []
                while page := await inboxes.read(CONFERENCE, ADA, found[-1].cursor if found else 0, limit):
                    assert len(page) <= limit
                    found += page
                assert [entry.position for entry in found] == places
                assert [entry.cursor for entry in found] == list(range(1, len(places) + 1))

    @pytest.mark.parametrize("text", ["x", "1-", "-1", "1-0", "4711-12", "1 ", "1\n", "+1", "9" * 10, "(1", "١"])
    def test_what_is_no_cursor_is_none(self, text: str) -> None:
        assert cursor_of(text) is None
        assert [cursor_of(good) for good in ("", "0", "7", "004")] == [0, 0, 7, 4]

    @awaited
    async def test_what_others_get_moves_no_cursor(self, stores: Stores) -> None:
        """In a conference where only others get something, a cursor beyond the own entries stays beyond them."""
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, [suggested("3-0", PAIR)])
            for n in range(4, 30):
                await inboxes.deliver(CONFERENCE, [suggested(f"{n}-0", (CY, DEE), f"m{n}")])
                with pytest.raises(ResumeLostError):
                    await inboxes.read(CONFERENCE, ADA, 2)
                assert (await inboxes.current(CONFERENCE, ADA)).cursor == 1
            assert await inboxes.read(CONFERENCE, ADA, 1) == ()

    @awaited
    async def test_a_card_that_is_over_reads_as_over_in_all_its_entries(self, stores: Stores) -> None:
        outputs: list[AnyOutput] = [suggested("3-0", PAIR), agreed("4-0", PAIR), located("5-0", BOB, ADA)]
        async with stores.open() as inboxes:
            told: list[list[tuple[str, bytes]]] = []
            for cause in (*CAUSES, None):
                await inboxes.rebuild(CONFERENCE, outputs)
                if cause is None or cause == "erased":
                    await inboxes.erase(CONFERENCE, BOB)
                end = withdrawn("6-0", PAIR, cause=cause or "erased", to=[ADA])
                await inboxes.deliver(CONFERENCE, [end], [BOB] if cause is None else [])
                told.append(await inbox(inboxes, ADA))
                assert (await inboxes.current(CONFERENCE, ADA)).cursor == 4
            assert told == [[(f"{n}-0", b'{"kind":"withdrawn","card":"m1"}') for n in range(3, 7)]] * len(told)

    @awaited
    async def test_an_older_place_is_not_kept(self, stores: Stores) -> None:
        outputs: list[AnyOutput] = [suggested("3-0", PAIR), agreed("4-0", PAIR)]
        outputs += [located(f"{n}-0", BOB, ADA, place=f"hall-{n}") for n in range(5, 8)]
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, outputs)
            places = [json.decode(view).get("their_place") for _, view in await inbox(inboxes, ADA)]
            assert places == [None, None, "hall-7", "hall-7", "hall-7"]

    @awaited
    async def test_a_full_inbox_keeps_the_newest_and_says_what_cannot_be_resumed(self, stores: Stores) -> None:
        async with stores.open(keep=3) as inboxes:
            await inboxes.rebuild(CONFERENCE, [suggested(f"{n}-0", PAIR, f"m{n}") for n in range(3, 9)])
            assert [entry.position for entry in await inboxes.read(CONFERENCE, ADA, 3)] == ["6-0", "7-0", "8-0"]
            assert [entry.position for entry in await inboxes.read(CONFERENCE, ADA, 4)] == ["7-0", "8-0"]
            for lost in (0, 1, 2, 7):
                with pytest.raises(ResumeLostError):
                    await inboxes.read(CONFERENCE, ADA, lost)
            current = await inboxes.current(CONFERENCE, ADA)
            assert [card.card for card in current.cards] == [f"m{n}" for n in range(3, 9)]
            assert await inboxes.read(CONFERENCE, ADA, current.cursor) == ()

    @awaited
    async def test_the_end_trims_streams_and_keeps_cards(self, stores: Stores) -> None:
        outputs: list[AnyOutput] = [suggested("3-0", PAIR), agreed("4-0", PAIR)]
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, outputs)
            cards = await inboxes.current(CONFERENCE, ADA)
            await inboxes.end(CONFERENCE)
            await inboxes.end(CONFERENCE)
            await inboxes.deliver(CONFERENCE, outputs)
            assert await inboxes.read(CONFERENCE, ADA, 2) == ()
            with pytest.raises(ResumeLostError):
                await inboxes.read(CONFERENCE, ADA, 1)
            assert await inboxes.current(CONFERENCE, ADA) == cards
            assert await inboxes.read(CONFERENCE, CY) == ()


class TestCards:
    """The cards as they are now are the fold of the inbox."""

    @awaited
    async def test_a_match_from_suggestion_to_end(self, stores: Stores) -> None:
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, [])
            assert await inboxes.current(CONFERENCE, ADA) == await inboxes.current(CONFERENCE, CY)
            await inboxes.deliver(CONFERENCE, [suggested("3-0", PAIR, near=True)])
            (card,) = (await inboxes.current(CONFERENCE, ADA)).cards
            assert (card.card, card.agreed_at, card.cursor) == ("m1", None, 1)
            assert [why.count for why in card.why] == [7]
            await inboxes.deliver(CONFERENCE, [agreed("9-0", PAIR), located("10-0", BOB, ADA)])
            (ada,) = (await inboxes.current(CONFERENCE, ADA)).cards
            (bob,) = (await inboxes.current(CONFERENCE, BOB)).cards
            assert (ada.your_place, ada.their_place, ada.cursor) == ("hall-a", "hall-b", 3)
            assert (bob.your_place, bob.their_place, bob.cursor) == (None, "hall-a", 2)
            assert await inboxes.shown(CONFERENCE, ADA, "m1") == Shown(BOB, True)
            assert await inboxes.shown(CONFERENCE, CY, "m1") is None
            await inboxes.deliver(CONFERENCE, [withdrawn("11-0", PAIR, cause="declined", to=[ADA])])
            assert (await inboxes.current(CONFERENCE, ADA)).cards == ()
            assert len((await inboxes.current(CONFERENCE, BOB)).cards) == 1
            assert await inboxes.shown(CONFERENCE, ADA, "m1") == Shown(BOB, False)
            assert await inboxes.shown(CONFERENCE, BOB, "m1") == Shown(ADA, True)

    @awaited
    async def test_following_goes_on_after_current(self, stores: Stores) -> None:
        outputs = history(2)
        async with stores.open() as inboxes:
            await inboxes.rebuild(CONFERENCE, outputs[:60])
            for attendee in people(6):
                start = (await inboxes.current(CONFERENCE, attendee)).cursor
                assert await inboxes.read(CONFERENCE, attendee, start) == ()
            starts = {who: (await inboxes.current(CONFERENCE, who)).cursor for who in people(6)}
            await inboxes.deliver(CONFERENCE, outputs[60:])
            for attendee, start in starts.items():
                rest = [entry.position for entry in await inboxes.read(CONFERENCE, attendee, start)]
                assert rest == [output.position for output in outputs[60:] if attendee in output.to]


class TestErasing:
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
            assert ([card.card for card in current.cards], current.ending) == (["m2"], {"m1"})
            assert await inboxes.shown(CONFERENCE, ADA, "m1") == Shown("", True)
            assert await inbox(inboxes, BOB) == []
            await inboxes.deliver(CONFERENCE, [withdrawn("7-0", PAIR, cause="erased", to=[ADA])])
            kinds = [json.decode(view)["kind"] for _, view in await inbox(inboxes, ADA)]
            assert kinds == ["withdrawn", "withdrawn", "suggested", "withdrawn", "withdrawn"]
            assert not (await inboxes.current(CONFERENCE, ADA)).ending
            assert await inboxes.shown(CONFERENCE, ADA, "m1") == Shown("", False)

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
            assert await inboxes.shown(CONFERENCE, ADA, "m1") == Shown("", True)
