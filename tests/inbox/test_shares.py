"""One conference's share of a store that several have: what is over it is not shown, and the others go on.

The attack: one conference's opening (``per_hour`` 1,000,000) filled the store, and no other conference's cards came.
"""

import asyncio

import pytest
from msgspec.structs import replace

from services.inbox.port import ENTRY_BYTES, MIN_ENTRIES, quota_for
from services.inbox.redis.embedded_valkey import EmbeddedValkey
from services.inbox.redis.inboxes import RedisInboxes
from tests.inbox.made import CONFERENCE, flood

QUIET = "quiet"


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
    small, large = quota_for(64 << 20), quota_for(4 << 30)
    assert small.entries * ENTRY_BYTES < (64 << 20) // 4
    assert large.entries > 60 * small.entries
    assert (small.entries_per_inbox(10), small.entries_per_inbox(1_000_000), large.entries_per_inbox(10)) == (
        500,
        MIN_ENTRIES,
        500,
    )
    assert quota_for(0).cards > large.cards
