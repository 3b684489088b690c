"""The cards as they are now are the fold of the inbox."""

from services.inbox.port import CardState
from tests.inbox.conftest import Stores
from tests.inbox.made import CONFERENCE, agreed, history, located, people, suggested, withdrawn
from tests.inbox.seen import awaited

ADA, BOB, CY, DEE = "ada", "bob", "cy", "dee"
PAIR = (ADA, BOB)


class Cards:
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
            assert await inboxes.card_state(CONFERENCE, ADA, "m1") == CardState(BOB, True)
            assert await inboxes.card_state(CONFERENCE, CY, "m1") is None
            await inboxes.deliver(CONFERENCE, [withdrawn("11-0", PAIR, cause="declined", to=[ADA])])
            assert (await inboxes.current(CONFERENCE, ADA)).cards == ()
            assert len((await inboxes.current(CONFERENCE, BOB)).cards) == 1
            assert await inboxes.card_state(CONFERENCE, ADA, "m1") == CardState(BOB, False)
            assert await inboxes.card_state(CONFERENCE, BOB, "m1") == CardState(ADA, True)

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
