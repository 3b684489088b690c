"""What a stranger wrote into Redis is gone after a rebuild."""

from services.inbox.redis.keys import Keys
from tests.inbox.conftest import Stores
from tests.inbox.made import CONFERENCE, history, people
from tests.inbox.seen import awaited, everything


@awaited
async def test_what_a_stranger_wrote_is_gone_after_it(over_redis: Stores) -> None:
    """Also of people of whom the store does not know any more that they have keys, and from another log."""
    outputs = history(9, outputs=80)
    async with over_redis.open(keep=1000) as inboxes:
        await inboxes.rebuild(CONFERENCE, outputs)
        clean = await everything(inboxes)
        keys = Keys(CONFERENCE)
        with over_redis.admin() as admin:
            for who in (*people(6), "nobody"):
                own, cards, _ = keys.of(who)
                admin.delete(own, cards)
                admin.xadd(own, {"k": "suggested", "m": "false", "v": "{}"}, id="999999-0")
                admin.hset(cards, "suggested:false", '999999-0 {"kind":"suggested"}')
            admin.delete(keys.people)
            admin.hset(keys.mark, "epoch", "another")
        assert await inboxes.invalidate(CONFERENCE)
        await inboxes.rebuild(CONFERENCE, outputs)
        assert await everything(inboxes) == clean
        with over_redis.admin() as admin:
            assert not admin.exists(*keys.of("nobody"))
