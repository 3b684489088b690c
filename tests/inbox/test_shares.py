"""One conference's share of a store that several have: what is over it is not shown, and the others go on.

The attack: one conference's opening (``per_hour`` 1,000,000) filled the store, and no other conference's cards came.
"""

import asyncio
from itertools import combinations

import pytest
from msgspec.structs import replace

from schemas.outputs import AnyOutput
from services.inbox.port import ENTRY_BYTES, LEAST_ENTRIES, ResumeLostError, Share, share_of
from services.inbox.redis.embedded_valkey import EmbeddedValkey
from services.inbox.redis.inboxes import RedisInboxes
from tests.inbox.conftest import Stores
from tests.inbox.made import CONFERENCE, suggested, withdrawn

QUIET = "quiet"


def flood(people: int, per_pair: int = 1) -> list[AnyOutput]:
    """Everybody is suggested to everybody."""
    pairs = [pair for _ in range(per_pair) for pair in combinations([f"p{number:04}" for number in range(people)], 2)]
    return [suggested(f"{number}-0", pair, match=f"m{number}") for number, pair in enumerate(pairs, 1)]


def test_a_conference_gets_its_cards_and_no_more_and_the_next_one_all_of_its(stores: Stores) -> None:
    async def scenario() -> None:
        outputs = flood(12)  # 66 matches, 132 cards
        async with stores.open(share=Share(cards=50)) as inboxes:
            for conference in (CONFERENCE, QUIET):
                await inboxes.rebuild(conference, [])
            await inboxes.deliver(CONFERENCE, outputs)
            cards = {who: (await inboxes.current(CONFERENCE, who)).cards for who in {w for o in outputs for w in o.to}}
            assert sum(map(len, cards.values())) == 50
            assert await inboxes.delivered(CONFERENCE) == outputs[-1].position, "it goes on, and is not tried again"
            ended = withdrawn("900-0", outputs[0].attendees, match="m1")  # type: ignore[attr-defined]  # a suggestion
            await inboxes.deliver(CONFERENCE, [ended])
            first = outputs[0].to[0]
            left = (await inboxes.current(CONFERENCE, first)).cards
            assert len(left) == len(cards[first]) - 1, "what it has, ends"
            await inboxes.deliver(QUIET, [replace(output, conference=QUIET) for output in outputs[:20]])
            shown = [(await inboxes.current(QUIET, who)).cards for who in ("p0000", "p0001")]
            assert [len(each) for each in shown] == [11, 10]

    asyncio.run(scenario())


def test_the_more_people_the_fewer_entries_each_and_never_none(stores: Stores) -> None:
    async def scenario() -> None:
        outputs = flood(10, per_pair=5)
        async with stores.open(share=Share(keep=100, entries=60, least=4)) as inboxes:
            await inboxes.rebuild(CONFERENCE, [])
            await inboxes.deliver(CONFERENCE, outputs)
            with pytest.raises(ResumeLostError):
                await inboxes.read(CONFERENCE, "p0001")
            last = (await inboxes.current(CONFERENCE, "p0001")).cards
            assert len(last) == 45, "a card stays, however old its entry"
            assert len(await inboxes.read(CONFERENCE, "p0001", last[-7].cursor)) == 6

    asyncio.run(scenario())


def test_a_flood_does_not_fill_a_real_store(tmp_path_factory: pytest.TempPathFactory) -> None:
    async def scenario() -> None:
        server = EmbeddedValkey(tmp_path_factory.mktemp("small"), memory_bytes=16 << 20)
        async with server, RedisInboxes(server.url, "log-1") as inboxes:
            for conference in (CONFERENCE, QUIET):
                await inboxes.rebuild(conference, [])
            await inboxes.deliver(CONFERENCE, flood(300))  # 45,000 matches: 100 MB
            await inboxes.deliver(QUIET, [replace(each, conference=QUIET) for each in flood(20)])
            assert len((await inboxes.current(QUIET, "p0007")).cards) == 19

    asyncio.run(scenario())


def test_a_share_is_a_part_of_the_memory() -> None:
    small, large = share_of(64 << 20), share_of(4 << 30)
    assert small.entries * ENTRY_BYTES < (64 << 20) // 4
    assert large.entries > 60 * small.entries
    assert (small.kept(10), small.kept(1_000_000), large.kept(10)) == (500, LEAST_ENTRIES, 500)
    assert share_of(0).cards > large.cards
