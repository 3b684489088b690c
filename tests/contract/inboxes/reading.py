"""Pages, resuming, bounds."""

import pytest
from msgspec import json

from schemas.outputs import AnyOutput
from services.inbox.cursor import parse_cursor
from services.inbox.port import Entry, ResumeLostError
from tests.inbox.conftest import Stores
from tests.inbox.made import CAUSES, CONFERENCE, agreed, located, suggested, withdrawn
from tests.inbox.seen import awaited, inbox

ADA, BOB, CY, DEE = "ada", "bob", "cy", "dee"
PAIR = (ADA, BOB)


class Reading:
    """Pages, resuming, bounds."""

    @awaited
    async def test_pages_join_without_gap_or_duplicate(self, stores: Stores) -> None:
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
        assert parse_cursor(text) is None
        assert [parse_cursor(good) for good in ("", "0", "7", "004")] == [0, 0, 7, 4]

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
