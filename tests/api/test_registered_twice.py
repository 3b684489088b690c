"""Somebody is registered a second time and proves the same account: what was decided with the first one holds."""

from pathlib import Path

import pytest

from tests.api.people import ALL, CONFERENCE, Attendee, Server, attendee, good, opened, secret_of, talked, until


def registered_again(server: Server, first: Attendee, *, gives_up: bool) -> Attendee:
    if gives_up:
        good(first.http.request("DELETE", "/v1/me/accounts", json={"account": first.account}))
    body = {"name": "New", "email": f"{first.id}@elsewhere.example", "accounts": [], "consent": ALL}
    made = good(server.client("organizer").post(f"/v1/conferences/{CONFERENCE}/attendees", json=body))
    http = server.client()
    good(http.post("/v1/session", json={"link": secret_of(made["link"])}))
    who = Attendee(http, made["attendee"], first.account)
    server.shows(who.account, who.say("/v1/me/accounts", account=who.account)["text"])
    assert who.say("/v1/me/accounts/check", account=who.account) == {"state": "verified"}
    return who


@pytest.mark.parametrize("gives_up", [False, True], ids=["proves it anew", "gives it up before"])
def test_blocks_and_declines_hold_both_ways(tmp_path: Path, gives_up: bool) -> None:
    """The attack: ``hal``, whom others had blocked or declined, asked for another registration, and came as a card.

    Whom he himself had blocked or declined does not come back to him either: who lost every device is not the prey of
    somebody whom they had blocked."""
    with Server(tmp_path) as server:
        organizer = opened(server, matching={"per_hour": 20})
        hal, *others = (attendee(server, organizer, name) for name in ("hal", "bob", "cyd", "dan", "eve", "fay"))
        bob, cyd, dan, eve, fay = others
        for other in others:
            talked(server, hal, other)
            other.say("/v1/me/here")
        hal.say("/v1/me/here")
        until(lambda: len(hal.cards()) == len(others))
        (of_bob, of_cyd, of_dan, of_eve) = (other.cards()[0]["card"] for other in (bob, cyd, dan, eve))
        bob.say("/v1/me/blocks", card=of_bob)
        cyd.say("/v1/me/answers", card=of_cyd, answer="declined")
        hal.say("/v1/me/blocks", card=of_dan)
        hal.say("/v1/me/answers", card=of_eve, answer="declined")
        again = registered_again(server, hal, gives_up=gives_up)
        again.say("/v1/me/here")
        until(lambda: {each["card"] for each in again.cards()} & {each["card"] for each in fay.cards()})
        assert len(again.cards()) == 1  # fay, who said nothing
        assert good(again.http.get("/v1/me/blocks")) == []
        kinds = [each["type"] for each in good(again.http.get("/v1/me/data"))["events"]]
        assert "attendee.blocked" not in kinds
