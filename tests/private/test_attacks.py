"""What somebody tried to learn of another's private acts, and does not learn: each attack on its own."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import pytest

from schemas.times import HOUR_MS, MINUTE_MS
from services.api.attendee.presence_stream import PresenceNotifier
from tests.private.hall import BEGINS, CONFERENCE, PLACES, Answer, Hall, in_memory

TEST_S = 60.0
ANSWERS = "/v1/me/answers"
BLOCKS = "/v1/me/blocks"
Act = Callable[[Hall, str], Awaitable[object]]  # what bob does, who has a card with ada

Story = Callable[[Hall], Awaitable[None]]


def in_a_hall(test: Story) -> Callable[[], None]:
    """Runs a test in a hall where ada and bob have a card, with a time limit."""

    @wraps(test)
    def run() -> None:
        async def limited() -> None:
            async with asyncio.timeout(TEST_S), in_memory() as hall:
                await carded(hall)
                await test(hall)

        asyncio.run(limited())

    del run.__wrapped__
    return run


async def carded(hall: Hall) -> None:
    await hall.enter("ada", "bob", "cy")
    await hall.talk("ada", "bob")
    for who in ("ada", "bob"):
        await hall.good(who, "POST", "/v1/me/here", {"place": PLACES[0]})
    await hall.settled()


def says(answer: str, **fields: str) -> Act:
    async def act(hall: Hall, card: str) -> object:
        return await hall.ask("bob", "POST", ANSWERS, {"card": card, "answer": answer} | fields)

    return act


async def blocks_the_card(hall: Hall, card: str) -> object:
    return await hall.good("bob", "POST", BLOCKS, {"card": card})


async def blocks_the_account(hall: Hall, card: str) -> object:
    block = hall.event("attendee.blocked", "b-1", attendee="bob", blocked="x:ada")
    return await hall.bring(block, who="bob")


async def nothing(hall: Hall, card: str) -> object:
    return None


ACTS: dict[str, Act] = {
    "nothing": nothing,
    "accepted": says("accepted"),
    "later": says("later"),
    "declined": says("declined"),
    "met": says("met"),
    "not_met": says("not_met"),
    "here": says("here", place=PLACES[1]),
    "block": blocks_the_card,
    "block by account": blocks_the_account,
}


async def seen(hall: Hall, who: str = "ada") -> list[Answer]:
    paths = ("/v1/me", "/v1/me/inbox", "/v1/me/blocks")
    return [await hall.ask(who, "GET", path) for path in paths]


def under_each_act(watch: Callable[[Hall, str], Awaitable[Any]], *without: str) -> list[Any]:
    """What ``watch`` gives in a hall each, after one of bob's acts."""

    async def each(act: Act) -> Any:
        async with asyncio.timeout(TEST_S), in_memory() as hall:
            await carded(hall)
            card = await hall.card("ada", "bob")
            await act(hall, card)
            await hall.settled()
            return await watch(hall, card)

    return [asyncio.run(each(act)) for name, act in ACTS.items() if name not in without]


def alike(found: list[Any]) -> Any:
    assert len(found) > 1
    assert all(each == found[0] for each in found), found
    return found[0]


# -- one act of bob's, whichever -------------------------------------------------------------------------------------


def test_a_reset_in_a_quiet_conference_tells_nothing() -> None:
    """Only bob's act is in the log since: whatever ada asks for beyond what she has, she is told to begin anew."""

    async def watch(hall: Hall, card: str) -> list[bytes]:
        applied = await hall.parts.runner.ask(CONFERENCE, lambda matcher: matcher.state.applied if matcher else 0)
        tried = [f"{n}-{i}" for n in range(applied - 3, applied + 3) for i in range(3)] + ["2", "3", "99"]
        return list(await asyncio.gather(*[hall.resumed("ada", last) for last in tried]))

    found = alike(under_each_act(watch))
    assert {b"event: reset\ndata: {}\n\n" in each for each in found} == {True}


def test_no_offset_comes_with_what_ada_says() -> None:
    async def watch(hall: Hall, card: str) -> list[Answer]:
        told = [
            await hall.ask("ada", "POST", "/v1/me/here", {"place": PLACES[1]}),
            await hall.ask("ada", "POST", ANSWERS, {"card": card, "answer": "later"}),
            await hall.ask("ada", "PATCH", "/v1/me/consent", {"chats": False}),
            await hall.ask("ada", "POST", "/v1/events", [hall.event("checkin.arrived", "c-1", attendee="ada")]),
            await hall.ask("ada", "POST", "/v1/events", [hall.event("checkin.arrived", "c-1", attendee="ada")]),
            await hall.ask("ada", "POST", BLOCKS, {"card": card}),
            await hall.ask("ada", "POST", "/v1/me/left", {}),
        ]
        return [*told, *await seen(hall)]

    found = alike(under_each_act(watch))
    assert [answer.body for answer in found[:4]] == [b'{"status":"accepted"}'] * 3 + [
        b'{"results":[{"status":"accepted"}]}'
    ]


def test_what_ada_says_is_answered_alike_whatever_bob_said() -> None:
    """409 is for a card that was taken back from her; bob's ``met``, or his decline, is none of it."""

    async def watch(hall: Hall, card: str) -> list[Answer]:
        here = {"place": PLACES[1]}
        answers = ({"answer": "later"}, {"answer": "met"}, {"answer": "not_met"}, {"answer": "here"} | here)
        told = [await hall.ask("ada", "POST", ANSWERS, {"card": card} | each) for each in answers]
        await hall.settled()
        return told + await seen(hall)

    assert [answer.status for answer in alike(under_each_act(watch))] == [200] * 7


def test_a_later_comes_back_whatever_bob_said() -> None:
    async def watch(hall: Hall, card: str) -> tuple[bytes, list[Answer]]:
        async with hall.stream("ada") as live:
            await live.until(lambda: live.cursor == 1)
            await hall.ask("ada", "POST", ANSWERS, {"card": card, "answer": "later"})
            for minutes in (59, 60, 61):
                await hall.at(BEGINS + minutes * MINUTE_MS)
                cursor = json.loads((await hall.ask("ada", "GET", "/v1/me/inbox")).body)["position"]
                await live.until(lambda cursor=cursor: live.cursor >= int(cursor))
            return live.taken(), await seen(hall)

    live, _ = alike(under_each_act(watch))
    assert live.count(b"event: suggested") == 2


def test_the_end_comes_alike_whatever_bob_said() -> None:
    async def watch(hall: Hall, card: str) -> tuple[bytes, bytes, list[Answer]]:
        async with hall.stream("ada") as live:
            await live.until(lambda: live.cursor == 1)
            await hall.good("bob", "POST", "/v1/me/left", {})
            await hall.settled()
            await live.until(lambda: live.cursor == 2)
            more = [await hall.ask("ada", "POST", ANSWERS, {"card": card, "answer": "accepted"})]
            return live.taken(), await hall.resumed("ada", "0"), [*more, *await seen(hall)]

    _, resumed, answers = alike(under_each_act(watch))
    assert resumed.count(b"event: withdrawn") == 2
    assert answers[0].status == 409


def test_near_is_nobodys_before_both_said_yes() -> None:
    """Near or not, shared or not, ada gets the same; after the agreement the places say it."""

    async def each(place: str, share: bool) -> tuple[bytes, bytes]:
        async with asyncio.timeout(TEST_S), in_memory() as hall:
            await hall.enter("ada", "bob")
            await hall.talk("ada", "bob")
            await hall.good("bob", "PATCH", "/v1/me/consent", {"share_place": share})
            await hall.good("ada", "POST", "/v1/me/here", {"place": PLACES[0]})
            await hall.good("bob", "POST", "/v1/me/here", {"place": place})
            await hall.settled()
            before = (await hall.ask("ada", "GET", "/v1/me/inbox")).body, await hall.resumed("ada", "")
            card = await hall.card("ada", "bob")
            for who in ("ada", "bob"):
                await hall.good(who, "POST", ANSWERS, {"card": card, "answer": "accepted"})
            await hall.settled()
            (agreed,) = (await hall.ask("ada", "GET", "/v1/me/inbox")).json()["cards"]
            assert agreed["near"] == ((place == PLACES[0]) if share else None)
            return before

    (inbox, stream) = alike([asyncio.run(each(place, share)) for place in PLACES for share in (True, False)])
    assert json.loads(inbox)["cards"][0]["near"] is None
    assert b"near" not in stream


def test_what_others_get_is_in_no_number_of_adas() -> None:
    """However many stronger suggestions come before hers, with the same record: hers is her first."""

    async def each(others: int) -> tuple[Answer, bytes]:
        async with asyncio.timeout(TEST_S), in_memory() as hall:
            more = [f"o{n}" for n in range(others)]
            await hall.enter("ada", "bob", *more)
            await hall.talk("ada", "bob")
            for who in more:
                await hall.talk(who, "bob", more=5)
            for who in ("ada", *more, "bob"):
                await hall.good(who, "POST", "/v1/me/here", {})
            await hall.settled()
            return await hall.ask("ada", "GET", "/v1/me/inbox"), await hall.resumed("ada", "")

    inbox, stream = alike([asyncio.run(each(others)) for others in (0, 1, 4)])
    assert inbox.json()["position"] == "1"
    assert stream.startswith(b"retry: 2000\n\nid: 1\nevent: suggested\n")


# -- ends ------------------------------------------------------------------------------------------------------------


async def leaves(hall: Hall) -> None:
    await hall.good("bob", "POST", "/v1/me/left", {})


async def pauses(hall: Hall) -> None:
    await hall.good("bob", "PATCH", "/v1/me/consent", {"matching": False})


async def is_erased(hall: Hall) -> None:
    await hall.good("bob", "DELETE", "/v1/me", {"confirm": "erase me"})


async def loses_the_account(hall: Hall) -> None:
    await hall.verify("cy", "x:bob")


async def lapses(hall: Hall) -> None:
    await hall.at(BEGINS + 60 * MINUTE_MS)
    await hall.good("ada", "POST", "/v1/me/here", {})
    await hall.at(BEGINS + 2 * HOUR_MS)


ENDS = {end.__name__: end for end in (leaves, pauses, is_erased, loses_the_account, lapses)}


@pytest.mark.parametrize("agreed", [False, True])
def test_all_ends_look_alike_live_and_on_resume(agreed: bool) -> None:
    async def each(end: Callable[[Hall], Awaitable[None]]) -> Any:
        async with asyncio.timeout(TEST_S), in_memory() as hall:
            await carded(hall)
            card = await hall.card("ada", "bob")
            for who in ("ada", "bob") if agreed else ():
                await hall.good(who, "POST", ANSWERS, {"card": card, "answer": "accepted"})
            await hall.settled()
            count = 2 if agreed else 1
            async with hall.stream("ada") as live:
                await live.until(lambda: live.cursor == count)
                before = live.taken()
                await end(hall)
                await hall.settled()
                await live.until(lambda: live.cursor == count + 1)
                after = live.taken()
            cursors = [str(n) for n in range(count + 3)]
            resumed = await asyncio.gather(*[hall.resumed("ada", last) for last in cursors])
            told = [await hall.ask("ada", "POST", ANSWERS, {"card": card, "answer": "accepted"})]
            told += [
                await hall.ask("ada", "GET", "/v1/me/inbox"),
                await hall.ask("ada", "POST", BLOCKS, {"card": card}),
            ]
            assert b"Bob" in before
            return after, resumed, told

    after, resumed, told = alike([asyncio.run(each(end)) for end in ENDS.values()])
    assert after.count(b"event: withdrawn") == 1
    assert [each.count(b"event: withdrawn") for each in resumed[:2]] == [2 + agreed, 1 + agreed]
    assert b"Bob" not in b"".join(resumed)
    assert [answer.status for answer in told] == [409, 200, 200]


@in_a_hall
async def test_after_met_an_erasure_shows_no_more(hall: Hall) -> None:
    """A card that a ``met`` closed is over for both: read again it says so, and the other's erasure changes nothing."""
    card = await hall.card("ada", "bob")
    for who in ("ada", "bob"):
        await hall.good(who, "POST", ANSWERS, {"card": card, "answer": "accepted"})
    await hall.good("bob", "POST", ANSWERS, {"card": card, "answer": "met"})
    await hall.settled()

    async def watched() -> Any:
        cursors = [str(n) for n in range(4)]
        resumed = await asyncio.gather(*[hall.resumed("ada", last) for last in cursors])
        return (
            resumed,
            await hall.ask("ada", "GET", "/v1/me/inbox"),
            await hall.ask("ada", "POST", BLOCKS, {"card": card}),
        )

    late = await hall.ask("ada", "POST", ANSWERS, {"card": card, "answer": "met"})
    assert late.status == 200  # she was shown the card as open, and nobody took it back
    before = await watched()
    await is_erased(hall)
    await hall.settled()
    assert await watched() == before
    assert await hall.ask("ada", "POST", ANSWERS, {"card": card, "answer": "met"}) == late


@in_a_hall
async def test_the_inbox_shows_no_moment_between_an_erasure_and_its_withdrawal(hall: Hall) -> None:
    """Asked again and again while bob is erased: the card is gone no sooner than its withdrawal is there."""
    shown: list[tuple[str, list[str]]] = []

    async def look() -> None:
        while True:
            inbox = (await hall.ask("ada", "GET", "/v1/me/inbox")).json()
            shown.append((inbox["position"], [card["name"] for card in inbox["cards"]]))

    looking = asyncio.create_task(look())
    await is_erased(hall)
    await hall.settled()
    looking.cancel()
    assert set(map(str, shown)) <= {str(("1", ["Bob"])), str(("2", []))}


@in_a_hall
async def test_an_own_lapse_comes_by_itself_not_with_what_others_do(hall: Hall) -> None:
    """Cy, who has no card, is told within a moment that she is not here any more, though nothing comes into the log."""
    looking = asyncio.create_task(PresenceNotifier(hall.parts.runner, hall.parts.streams, hall.parts.clock).run())
    await hall.good("cy", "POST", "/v1/me/here", {})
    async with hall.stream("cy") as live:
        await live.until(lambda: b'"present":true' in b"".join(live.presences))
        await hall.at(BEGINS + 2 * HOUR_MS)  # ada's and bob's card ends now, with a tick
        await live.until(lambda: b'"present":false' in b"".join(live.presences))
        await hall.good("cy", "POST", "/v1/me/here", {})
        await live.until(lambda: b'"present":true' in live.presences[-1])
        assert hall.now is not None
        hall.now[0] += 2 * HOUR_MS  # nothing is due to anybody: there is no record at all
        async with asyncio.timeout(10.0):
            await live.until(lambda: b'"present":false' in live.presences[-1])
    looking.cancel()


# -- blocks ----------------------------------------------------------------------------------------------------------


@in_a_hall
async def test_blocking_an_account_does_not_tell_whose_card_it_is(hall: Hall) -> None:
    """Ada, who has a card without a name, blocks accounts one after the other: nothing tells which of them it is."""
    before = await seen(hall)
    for number, account in enumerate(("x:cy", "x:bob", "x:nobody")):
        block = hall.event("attendee.blocked", f"b-{number}", attendee="ada", blocked=account)
        assert await hall.bring(block, who="ada") == [{"status": "accepted"}]
        await hall.settled()
        assert await seen(hall) == before
    card = await hall.card("ada", "bob")
    assert (await hall.ask("ada", "POST", ANSWERS, {"card": card, "answer": "accepted"})).status == 200


@in_a_hall
async def test_an_upload_does_not_tell_who_is_registered(hall: Hall) -> None:
    told = []
    for name in ("bob", "nobody"):
        post = {"type": "activity.posted", "id": f"x:up-{name}", "at": "2026-03-09T09:00:00Z", "actor": "x:ada"}
        told.append(await hall.bring(post | {"hashtags": [], "mentions": [f"x:{name}"]}, who="ada"))
    assert told == [[{"status": "accepted"}]] * 2


@in_a_hall
async def test_no_id_and_no_number_of_the_log_is_in_anything_that_ada_gets(hall: Hall) -> None:
    card = await hall.card("ada", "bob")
    for who in ("ada", "bob"):
        await hall.good(who, "POST", ANSWERS, {"card": card, "answer": "accepted"})
    await hall.settled()
    told = [*await seen(hall), await hall.ask("ada", "GET", "/v1/me/data")]
    text = b"".join([await hall.resumed("ada", ""), *[answer.body for answer in told]])
    text += repr([answer.headers for answer in told]).encode()
    outputs = [json.loads(line) for _, line in hall.parts.journal.outputs(CONFERENCE)]
    for secret in ["x:bob", '"bob"', '"offset"', *[output[name] for output in outputs for name in ("id", "position")]]:
        assert secret.encode() not in text, secret
