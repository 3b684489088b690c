"""The fair lock: senders take turns, however many requests one of them has waiting."""

import asyncio

from services.admission.fair_lock import FairLock


def test_one_who_asks_forty_times_does_not_keep_the_next_one_waiting() -> None:
    async def scenario() -> list[str]:
        served: list[str] = []
        fair_lock = FairLock(asyncio.Lock())

        async def ask(sender: str) -> None:
            async with fair_lock.hold(sender):
                await asyncio.sleep(0)
                served.append(sender)

        await asyncio.gather(*[ask("flood") for _ in range(40)], ask("ada"), ask("bob"), ask("ada"))
        assert not fair_lock._own, "nothing stays of who has been served"
        return served

    served = asyncio.run(scenario())
    assert sorted(served) == ["ada"] * 2 + ["bob"] + ["flood"] * 40
    assert served.index("bob") <= 3
    assert [at for at, sender in enumerate(served) if sender == "ada"][-1] <= 6


def test_a_request_that_ends_while_it_waits_leaves_its_turn() -> None:
    async def scenario() -> None:
        lock = asyncio.Lock()
        fair_lock = FairLock(lock)

        async def ask() -> None:
            async with fair_lock.hold("ada"):
                pass

        async with lock:  # an erasure
            waiting = [asyncio.create_task(ask()) for _ in range(3)]
            await asyncio.sleep(0)
            for task in waiting[:2]:
                task.cancel()
            await asyncio.sleep(0)
        await asyncio.wait_for(waiting[2], 5)
        assert not fair_lock._own

    asyncio.run(scenario())
