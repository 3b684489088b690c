"""Accounts and hashtags as people paste them reach the log and the pages in their one normal form, at every door."""

from typing import Any

import httpx
import pytest

from tests.api.people import ALL, CONFERENCE, OPENING, Server, attendee, good, opened, secret_of


@pytest.fixture(scope="module")
def organizer(server: Server) -> httpx.Client:
    return opened(server)


def registered(organizer: httpx.Client, email: str, *accounts: str) -> httpx.Response:
    body = {"name": "Ada", "email": email, "accounts": list(accounts), "consent": ALL}
    return organizer.post(f"/v1/conferences/{CONFERENCE}/attendees", json=body)


def accounts(server: Server, made: dict[str, Any]) -> list[str]:
    http = server.client()
    good(http.post("/v1/session", json={"link": secret_of(made["link"])}))
    return [each["account"] for each in good(http.get("/v1/me"))["accounts"]]


def test_an_organizer_pastes_accounts(server: Server, organizer: httpx.Client) -> None:
    pasted = ["https://bsky.app/profile/ada.example.org", "x:\u202aada\u202c", "@ada@social.example"]
    made = good(registered(organizer, "pasted@example.org", *pasted))
    assert accounts(server, made) == ["bsky:ada.example.org", "mastodon:ada@social.example", "x:ada"]


@pytest.mark.parametrize("account", ["mailto:ada@example.org", "https://example.org/ada", "x:ada x:bob", "x:\u0430da"])
def test_what_is_no_account_is_reported_before_anybody_is_registered(organizer: httpx.Client, account: str) -> None:
    answer = registered(organizer, "nobody@example.org", account)
    assert (answer.status_code, answer.json()["field"]) == (422, "accounts")
    links = organizer.post(f"/v1/conferences/{CONFERENCE}/attendees/links").text
    assert "nobody@example.org" not in links


def test_an_attendee_proves_the_account_of_a_pasted_link(server: Server, organizer: httpx.Client) -> None:
    who = attendee(server, organizer, "linked", verify=False)
    link = "https://social.example/@Linked"
    server.shows("mastodon:linked@social.example", who.say("/v1/me/accounts", account=link)["text"])
    assert who.say("/v1/me/accounts/check", account="@linked@social.example") == {"state": "verified"}
    shown = {each["account"]: each["verified"] for each in good(who.http.get("/v1/me"))["accounts"]}
    assert shown["mastodon:linked@social.example"] is True


def test_an_opening_has_its_hashtags_in_normal_form(organizer: httpx.Client) -> None:
    path = f"/v1/conferences/{CONFERENCE}"
    said = OPENING | {"hashtags": ["#HITsm\u200b", "＃ＨＩＭＳＳ27,"], "chats": [{"hashtag": "hitsm\u200e"}]}
    good(organizer.put(path, json=said))
    opening = good(organizer.get(path))["opening"]
    assert (opening["hashtags"], opening["chats"][0]["hashtag"]) == (["hitsm", "himss27"], "hitsm")
    wrong: dict[str, dict[str, Any]] = {
        "hashtags[0]": {"hashtags": ["#himss27 #hitsm"]},
        "chats[0].hashtag": {"chats": [{"hashtag": "https://example.org"}]},
    }
    for place, changes in wrong.items():
        answer = organizer.put(path, json=OPENING | changes)
        assert (answer.status_code, answer.json()["field"]) == (422, place)
