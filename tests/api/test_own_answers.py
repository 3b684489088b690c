"""An attendee's own answer comes back with the card, on every device; what the other said never does."""

import json
import time

import httpx
import pytest

from tests.api.people import CONFERENCE, Attendee, Server, attendee, device, good, opened, stream, talked, until


@pytest.fixture(scope="module")
def organizer(server: Server) -> httpx.Client:
    return opened(server)


def carded(server: Server, organizer: httpx.Client, name: str) -> tuple[Attendee, Attendee, str]:
    """Two who have a card, and the card."""
    one, other = (attendee(server, organizer, f"{name}-{number}") for number in "12")
    talked(server, one, other)
    one.say("/v1/me/here")
    other.say("/v1/me/here")
    until(other.cards)
    return one, other, until(one.cards)[0]["card"]


def own(who: Attendee) -> str | None:
    (card,) = who.cards()
    found: str | None = card["your_answer"]
    return found


def test_the_own_answer_is_in_the_inbox_and_on_the_stream(server: Server, organizer: httpx.Client) -> None:
    ada, bob, card = carded(server, organizer, "own")
    assert (own(ada), own(bob)) == (None, None)
    ada.say("/v1/me/answers", card=card, answer="later")
    until(lambda: own(ada) == "later")
    ada.say("/v1/me/answers", card=card, answer="accepted")
    until(lambda: own(ada) == "accepted")
    assert own(bob) is None
    with stream(server, ada.http, "/v1/me/stream") as of_ada, stream(server, bob.http, "/v1/me/stream") as of_bob:
        assert json.loads(of_ada.next()["data"])["your_answer"] == "accepted"
        assert json.loads(of_bob.next()["data"])["your_answer"] is None
    assert own(Attendee(device(server, ada), ada.id, ada.account)) == "accepted"
    bob.say("/v1/me/answers", card=card, answer="accepted")
    until(lambda: ada.cards()[0]["agreed_at"])
    assert (own(ada), own(bob)) == ("accepted", "accepted")


def test_a_later_that_was_asked_once_more_is_open_again(server: Server, organizer: httpx.Client) -> None:
    ada, bob, card = carded(server, organizer, "more")
    bob.say("/v1/me/answers", card=card, answer="accepted")
    until(lambda: own(bob) == "accepted")
    before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3_700))
    said = {"type": "match.answered", "id": "m-1", "at": before, "conference": CONFERENCE, "attendee": ada.id}
    with stream(server, ada.http, "/v1/me/stream") as live:
        assert live.next()["event"] == "suggested"
        answer = ada.http.post("/v1/events", json=said | {"match": card, "answer": "later"})
        assert good(answer)["results"][0]["status"] == "accepted"
        again = live.next()
    assert (again["event"], json.loads(again["data"])["your_answer"]) == ("suggested", None)
    assert (own(ada), own(bob)) == (None, "accepted")
    ada.say("/v1/me/answers", card=card, answer="later")
    until(lambda: own(ada) == "later")


def test_not_yet_and_the_place_told_come_back_too(server: Server, organizer: httpx.Client) -> None:
    ada, bob, card = carded(server, organizer, "meeting")
    bob.say("/v1/me/answers", card=card, answer="accepted")
    bob.say("/v1/me/answers", card=card, answer="not_met")  # nothing is agreed yet: it is no answer to anything
    assert own(bob) == "accepted"
    ada.say("/v1/me/answers", card=card, answer="accepted")
    until(lambda: ada.cards()[0]["agreed_at"])
    assert [who.cards()[0]["told_place"] for who in (ada, bob)] == [None, None]
    ada.say("/v1/me/answers", card=card, answer="here", place="hall-a")
    ada.say("/v1/me/answers", card=card, answer="here", place="hall-b")
    ada.say("/v1/me/answers", card=card, answer="not_met")
    (mine,), (theirs,) = ada.cards(), until(bob.cards)
    assert (mine["your_answer"], mine["told_place"]) == ("not_met", "hall-b")
    assert (theirs["your_answer"], theirs["told_place"]) == ("accepted", None)
    ada.say("/v1/me/answers", card=card, answer="accepted")  # said after it, so it stands
    assert (own(ada), ada.cards()[0]["told_place"]) == ("accepted", "hall-b")


def test_it_is_made_again_from_the_log(server: Server, organizer: httpx.Client) -> None:
    """Last here: the server is started anew, on the same folder."""
    ada, bob, card = carded(server, organizer, "again")
    ada.say("/v1/me/answers", card=card, answer="accepted")
    until(lambda: own(ada) == "accepted")
    cookies = [dict(who.http.cookies) for who in (ada, bob)]
    server.kill()
    with server:
        for cookie, expected in zip(cookies, ("accepted", None), strict=True):
            http = server.client()
            http.cookies.update(cookie)
            again = Attendee(http, "", "")
            until(lambda again=again: again.http.get("/v1/me/inbox").status_code == 200)
            assert own(again) == expected
