"""Each state of the attendee's page, on a phone; every one leaves a picture that somebody has to look at."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.pages import people
from tests.pages.conftest import PHONE, SMALL, Pages
from tests.pages.fake_server import FakeServer

Shot = Callable[..., None]


def button(page: Any, text: str) -> Any:
    return page.get_by_role("button", name=text)


def live(page: Any) -> None:
    expect(page.locator("#status-text")).to_have_text("Live")


def card(page: Any, of: str) -> Any:
    return page.locator(f'[data-card="{of}"]')


def test_link_is_used_by_a_tap_alone(pages: Pages, server: FakeServer, shot: Shot) -> None:
    page = pages.open("/m/abc-123", SMALL)
    expect(button(page, "Open my meetups")).to_be_visible()
    assert server.scene.asked == []
    shot(page, "01-link-320", whole=False)
    button(page, "Open my meetups").click()
    live(page)
    assert server.scene.asked == [("POST", "/v1/session", {"link": "abc-123"})]
    assert page.url == server.url + "/"


def test_used_link_says_what_to_do(pages: Pages, server: FakeServer) -> None:
    pages.allowed = ("410",)
    server.scene.refuse[("POST", "/v1/session")] = (
        410,
        {"detail": "This link was used. Ask your organizer for a new one."},
    )
    page = pages.open("/m/abc-123")
    button(page, "Open my meetups").click()
    expect(page.get_by_text("Ask your organizer for a new one.")).to_be_visible()
    expect(button(page, "Open my meetups")).to_be_enabled()


def test_without_a_session(pages: Pages, server: FakeServer, shot: Shot) -> None:
    pages.allowed = ("401",)
    server.scene.signed_in = False
    page = pages.open("/")
    expect(page.get_by_role("heading", name="Open Hallway with your link")).to_be_visible()
    shot(page, "02-welcome-390", whole=False)
    page.get_by_label("Your link").fill("https://hallway.example/m/xyz")
    button(page, "Open").click()
    page.wait_for_url("**/m/xyz")


def test_arriving_and_leaving(pages: Pages, server: FakeServer, shot: Shot) -> None:
    page = pages.open()
    live(page)
    expect(page.get_by_text("Cards come up here once you are at the conference.")).to_be_visible()
    shot(page, "03-not-here-390", whole=False)
    page.get_by_label("Where").select_option("hall-b")
    button(page, "I’m here").click()
    expect(page.get_by_role("heading", name="You’re here, Hall B, north")).to_be_visible()
    shot(page, "04-here-390", whole=False)
    button(page, "I’ve moved").click()
    expect(page.get_by_label("Where")).to_be_focused()
    page.get_by_label("Where").select_option("cafe")
    button(page, "I’m here now").click()
    expect(page.get_by_role("heading", name="You’re here, Café by the stairs")).to_be_visible()
    button(page, "I’m leaving").click()
    expect(page.get_by_role("heading", name="Are you here?")).to_be_visible()
    here = [("POST", "/v1/me/here", {"place": place}) for place in ("hall-b", "cafe")]
    assert server.scene.asked == [*here, ("POST", "/v1/me/left", {})]


@pytest.mark.parametrize(("size", "scheme"), [(SMALL, "light"), (PHONE, "light"), (PHONE, "dark"), (SMALL, "dark")])
def test_cards(pages: Pages, server: FakeServer, shot: Shot, size: dict[str, int], scheme: str) -> None:
    server.scene.me |= {"present": True, "place": "hall-a"}
    people.three_cards(server.scene)
    page = pages.open("/", size, color_scheme=scheme)
    live(page)
    first = card(page, "m-1")
    expect(first).to_contain_text("You answered each other 7 times in #hitsm, last on 3 November")
    expect(first).to_contain_text("You were both in 5 #hcsmca chats")
    expect(first).to_contain_text("Near you")
    expect(first).to_contain_text("Since 10:05")  # Orlando's time, though the phone is on Tokyo's
    expect(card(page, "m-2").locator("img")).to_have_count(0)  # a picture from elsewhere is not fetched
    expect(card(page, "m-3")).to_contain_text("Somebody you know")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, f"05-cards-{size['width']}-{scheme}")


def test_answers_show_only_my_own(pages: Pages, server: FakeServer, shot: Shot) -> None:
    server.scene.me |= {"present": True}
    people.three_cards(server.scene)
    page = pages.open()
    live(page)
    button(page, "Let’s meet, Mara Okafor").click()
    expect(card(page, "m-1")).to_contain_text("You said yes. If Mara Okafor does too, you both see it here.")
    button(page, "Later, Jean-Luc Bouchard").click()
    expect(card(page, "m-2")).to_contain_text("We bring it up once more in about an hour.")
    button(page, "Not now, Somebody you know").click()
    expect(card(page, "m-3")).to_contain_text("is not told")
    shot(page, "06-waiting-390")
    page.reload()
    live(page)
    expect(card(page, "m-1")).to_contain_text("You said yes.")
    server.scene.say("suggested", **people.suggested("m-2", "Jean-Luc Bouchard", people.chat()))
    expect(button(page, "Let’s meet, Jean-Luc Bouchard")).to_be_visible()
    assert [body["answer"] for _, _, body in server.scene.asked] == ["accepted", "later", "declined"]


def test_own_answers_come_back_in_another_tab(pages: Pages, server: FakeServer) -> None:
    server.scene.me |= {"present": True}
    for card_id, answer in (("m-1", "accepted"), ("m-2", "later"), ("m-3", None)):
        server.scene.say("suggested", **people.suggested(card_id, card_id.upper()), your_answer=answer)
    page = pages.open()
    live(page)
    expect(card(page, "m-1")).to_contain_text("You said yes.")
    expect(card(page, "m-2")).to_contain_text("We bring it up once more in about an hour.")
    expect(button(page, "Let’s meet, M-3")).to_be_visible()
    server.scene.say("suggested", **people.suggested("m-2", "M-2"), your_answer=None)
    expect(button(page, "Let’s meet, M-2")).to_be_visible()


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (SMALL, "dark")])
def test_agreed_then_met(pages: Pages, server: FakeServer, shot: Shot, size: dict[str, int], scheme: str) -> None:
    server.scene.me |= {"present": True, "place": "hall-a"}
    people.three_cards(server.scene)
    page = pages.open("/", size, color_scheme=scheme)
    live(page)
    server.scene.say("agreed", card="m-1", at=people.AT, your_place="hall-a", their_place=None)
    expect(card(page, "m-1")).to_contain_text("You both said yes")
    expect(card(page, "m-1")).to_contain_text("Mara Okafor has not said where yet")
    expect(page.locator("#announcer")).to_have_text("You and Mara Okafor both said yes.")
    server.scene.say("located", card="m-1", at=people.AT, their_place="cafe")
    expect(card(page, "m-1")).to_contain_text("Mara Okafor is at Café by the stairs")
    card(page, "m-1").get_by_label("I’m at …").select_option("hall-b")
    shot(page, f"07-agreed-{size['width']}-{scheme}", whole=False)
    button(page, "Tell Mara Okafor").click()
    expect(card(page, "m-1")).to_contain_text("You told Mara Okafor: Hall B, north")
    assert server.scene.asked[-1] == ("POST", "/v1/me/answers", {"card": "m-1", "answer": "here", "place": "hall-b"})
    button(page, "We didn’t meet, Mara Okafor").click()
    expect(card(page, "m-1")).to_contain_text("Not yet, then.")
    button(page, "We met, Mara Okafor").click()
    expect(card(page, "m-1")).to_contain_text("You met. Good.")
    shot(page, f"08-met-{size['width']}-{scheme}", whole=False)


def test_every_withdrawal_reads_the_same(pages: Pages, server: FakeServer, shot: Shot) -> None:
    server.scene.me |= {"present": True}
    people.three_cards(server.scene)
    page = pages.open()
    live(page)
    said = page.locator("#announcer").text_content()
    button(page, "Not now, Jean-Luc Bouchard").click()
    server.scene.say("withdrawn", card="m-1")
    server.scene.say("withdrawn", card="m-2")
    expect(card(page, "m-1")).to_have_text("The card with Mara Okafor is over.OK")
    expect(card(page, "m-2")).to_have_text("The card with Jean-Luc Bouchard is over.OK")
    assert page.locator("#announcer").text_content() == said  # quietly
    shot(page, "09-over-390", whole=False)
    button(page, "OK, Mara Okafor").click()
    expect(card(page, "m-1")).to_have_count(0)


def test_pause_and_resume(pages: Pages, server: FakeServer, shot: Shot) -> None:
    server.scene.me |= {"present": True}
    page = pages.open("/#you")
    live(page)
    page.get_by_role("switch", name="Suggest me").click()
    expect(page.get_by_role("switch", name="Suggest me")).not_to_be_checked()
    page.get_by_role("link", name="People").click()
    expect(page.get_by_text("You are paused.")).to_be_visible()
    shot(page, "10-paused-390", whole=False)
    button(page, "Resume").click()
    expect(page.get_by_text("You are paused.")).to_be_hidden()
    assert [body for _, _, body in server.scene.asked] == [{"matching": False}, {"matching": True}]


def test_blocking_asks_first(pages: Pages, server: FakeServer, shot: Shot) -> None:
    people.three_cards(server.scene)
    page = pages.open()
    live(page)
    button(page, "Block, Mara Okafor").click()
    shot(page, "11-block-390", whole=False)
    button(page, "Cancel").click()
    assert server.scene.asked == []
    button(page, "Block, Mara Okafor").click()
    with page.expect_response("**/v1/me/blocks"):
        page.get_by_role("dialog").get_by_role("button", name="Block").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    server.scene.say("withdrawn", card="m-1")
    expect(card(page, "m-1")).to_contain_text("is over")
    assert server.scene.asked == [("POST", "/v1/me/blocks", {"card": "m-1"})]


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (SMALL, "dark")])
def test_you(pages: Pages, server: FakeServer, shot: Shot, size: dict[str, int], scheme: str) -> None:
    code = {"code": "hallway-abcd2345", "expires_at": "2027-03-09T16:05:00Z", "text": "hallway-abcd2345"}
    server.scene.reply[("POST", "/v1/me/accounts")] = code
    server.scene.reply[("POST", "/v1/me/accounts/check")] = {"state": "not_found"}
    server.scene.reply[("GET", "/v1/me/blocks")] = {"blocks": [{"blocked": "bluesky:loud.example"}]}
    page = pages.open("/#you", size, color_scheme=scheme)
    live(page)
    page.get_by_label("Add an account").fill("bluesky:ana.example")
    button(page, "Add").click()
    expect(page.get_by_text("Put this into a post or your profile until 11:05")).to_be_visible()
    button(page, "Check now").click()
    expect(page.get_by_text("The code is not there yet.")).to_be_visible()
    shot(page, f"12-you-{size['width']}-{scheme}")
    server.scene.reply[("POST", "/v1/me/accounts/check")] = {"state": "verified"}
    button(page, "Check now").click()
    expect(page.locator('[data-account="bluesky:ana.example"]')).to_contain_text("Verified")
    expect(page.get_by_role("link", name="Download my data")).to_have_attribute("href", "/v1/me/data")
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        button(page, "Unblock, bluesky:loud.example").click()
    assert server.scene.asked[-1] == ("DELETE", "/v1/me/blocks", {"blocked": "bluesky:loud.example"})


def test_erasing_takes_two_steps_and_leaves_nothing(pages: Pages, server: FakeServer, shot: Shot) -> None:
    people.three_cards(server.scene)
    page = pages.open("/#you")
    live(page)
    button(page, "Erase me …").click()
    shot(page, "13-erase-390", whole=False)
    page.keyboard.press("Escape")
    assert server.scene.asked == []
    button(page, "Erase me …").click()
    button(page, "Yes, erase me").click()
    expect(page.get_by_text("You are erased.")).to_be_visible()
    assert server.scene.asked == [("DELETE", "/v1/me", {"confirm": "erase me"})]
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0
    expect(page.locator(".card")).to_have_count(0)
    shot(page, "14-erased-390", whole=False)


def test_conference_that_is_over(pages: Pages, server: FakeServer, shot: Shot) -> None:
    server.scene.me["conference"] = {**server.scene.me["conference"], "closed": True}
    people.three_cards(server.scene)
    page = pages.open()
    live(page)
    expect(page.get_by_text("Health IT Week 2027 is over.")).to_be_visible()
    shot(page, "15-closed-390", whole=False)
