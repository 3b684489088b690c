"""One conference's share of a store that several have: what is over it is not shown, and the others go on.

The attack: one conference's opening (``per_hour`` 1,000,000) filled the store, and no other conference's cards came.
"""

import asyncio

import pytest
from msgspec.structs import replace

from services.inbox.port import InboxQuota, ResumeLostError
from tests.inbox.conftest import Stores
from tests.inbox.made import CONFERENCE, flood, withdrawn

QUIET = "quiet"


class Shares:
    """Of cards and of entries."""

    def test_a_conference_gets_its_cards_and_no_more_and_the_next_one_all_of_its(self, stores: Stores) -> None:
        async def scenario() -> None:
            outputs = flood(12)  # 66 matches, 132 cards
            async with stores.open(share=InboxQuota(cards=50)) as inboxes:
                for conference in (CONFERENCE, QUIET):
                    await inboxes.rebuild(conference, [])
                await inboxes.deliver(CONFERENCE, outputs)
                cards = {
                    who: (await inboxes.current(CONFERENCE, who)).cards for who in {w for o in outputs for w in o.to}
                }
                assert sum(map(len, cards.values())) == 50
                assert await inboxes.checkpoint(CONFERENCE) == outputs[-1].position, (
                    "it goes on, and is not tried again"
                )
                ended = withdrawn("900-0", outputs[0].attendees, match="m1")  # type: ignore[attr-defined]  # a suggestion
                await inboxes.deliver(CONFERENCE, [ended])
                first = outputs[0].to[0]
                left = (await inboxes.current(CONFERENCE, first)).cards
                assert len(left) == len(cards[first]) - 1, "what it has, ends"
                await inboxes.deliver(QUIET, [replace(output, conference=QUIET) for output in outputs[:20]])
                shown = [(await inboxes.current(QUIET, who)).cards for who in ("p0000", "p0001")]
                assert [len(each) for each in shown] == [11, 10]

        asyncio.run(scenario())

    def test_the_more_people_the_fewer_entries_each_and_never_none(self, stores: Stores) -> None:
        async def scenario() -> None:
            outputs = flood(10, per_pair=5)
            async with stores.open(share=InboxQuota(max_per_inbox=100, entries=60, min_per_inbox=4)) as inboxes:
                await inboxes.rebuild(CONFERENCE, [])
                await inboxes.deliver(CONFERENCE, outputs)
                with pytest.raises(ResumeLostError):
                    await inboxes.read(CONFERENCE, "p0001")
                last = (await inboxes.current(CONFERENCE, "p0001")).cards
                assert len(last) == 45, "a card stays, however old its entry"
                assert len(await inboxes.read(CONFERENCE, "p0001", last[-7].cursor)) == 6

        asyncio.run(scenario())
