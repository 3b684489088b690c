"""Each state of the attendee's page of people, in light and dark, wide and narrow: free of barriers."""

from playwright.sync_api import expect

from tests.pages import people
from tests.pages.conftest import Pages
from tests.pages.fake_server import FakeServer
from tests.pages.locators import button, card, live
from tests.pages.page_checks import PageChecks


def test_arriving_and_leaving(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    page = pages.open()
    live(page)
    expect(page.get_by_text("Cards appear once you are at the conference.")).to_be_visible()
    look.at(page, "03-not-here", whole=False)
    page.get_by_label("Where").select_option("hall-b")
    button(page, "I’m here").click()
    expect(page.get_by_role("heading", name="You’re here, Hall B, north")).to_be_visible()
    look.at(page, "04-here", whole=False)
    button(page, "I’ve moved").click()
    expect(page.get_by_label("Where")).to_be_focused()
    page.get_by_label("Where").select_option("cafe")
    button(page, "I’m here now").click()
    expect(page.get_by_role("heading", name="You’re here, Café by the stairs")).to_be_visible()
    button(page, "I’m leaving").click()
    expect(page.get_by_role("heading", name="Are you here?")).to_be_visible()
    here = [("POST", "/v1/me/here", {"place": place}) for place in ("hall-b", "cafe")]
    assert server.scene.asked == [*here, ("POST", "/v1/me/left", {})]


def test_cards(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    server.scene.me |= {"present": True, "place": "hall-a"}
    people.three_cards(server.scene)
    page = pages.open()
    live(page)
    first = card(page, "m-1")
    expect(first).to_contain_text("You answered each other 7 times in #hitsm, last on 3 November")
    expect(first).to_contain_text("You were both in 5 #hcsmca chats")
    expect(first).to_contain_text("At the conference")  # and not where: that is nobody's before both said yes
    expect(first).to_contain_text("Suggested 9 March 2027, 10:05")  # Orlando's time, though the phone is on Tokyo's
    expect(card(page, "m-2").locator("img")).to_have_count(0)  # a picture from elsewhere is not fetched
    expect(card(page, "m-3")).to_contain_text("Somebody you know")
    look.at(page, "05-cards")


def test_answers_show_only_my_own(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    server.scene.me |= {"present": True}
    people.three_cards(server.scene)
    page = pages.open()
    live(page)
    button(page, "Let’s meet, Mara Okafor").click()
    expect(card(page, "m-1")).to_contain_text("You said yes. If Mara Okafor does too, you both see it here.")
    button(page, "Later, Jean-Luc Bouchard").click()
    expect(card(page, "m-2")).to_contain_text("We’ll ask you once more in about an hour.")
    button(page, "Not now, Somebody you know").click()
    expect(card(page, "m-3")).to_contain_text("won’t be told")
    look.at(page, "06-waiting")
    page.reload()
    live(page)
    expect(card(page, "m-1")).to_contain_text("You said yes.")
    server.scene.say("suggested", **people.suggested("m-2", "Jean-Luc Bouchard", people.chat()))
    expect(button(page, "Let’s meet, Jean-Luc Bouchard")).to_be_visible()
    assert [body["answer"] for _, _, body in server.scene.asked] == ["accepted", "later", "declined"]


def test_own_answers_appear_in_another_tab(pages: Pages, server: FakeServer) -> None:
    server.scene.me |= {"present": True}
    for card_id, answer in (("m-1", "accepted"), ("m-2", "later"), ("m-3", None)):
        server.scene.say("suggested", **people.suggested(card_id, card_id.upper()), your_answer=answer)
    server.scene.say("suggested", **people.suggested("m-4", "M-4"), your_answer="not_met", told_place="cafe")
    server.scene.say("agreed", card="m-4", at=people.AT, your_place="hall-a", their_place=None)
    page = pages.open()
    live(page)
    expect(card(page, "m-4")).to_contain_text("Not yet, then.")
    expect(card(page, "m-4")).to_contain_text("You told M-4: Café by the stairs")
    expect(button(page, "Not yet, M-4")).to_have_count(0)
    expect(card(page, "m-1")).to_contain_text("You said yes.")
    expect(card(page, "m-2")).to_contain_text("We’ll ask you once more in about an hour.")
    expect(button(page, "Let’s meet, M-3")).to_be_visible()
    server.scene.say("suggested", **people.suggested("m-2", "M-2"), your_answer=None)
    expect(button(page, "Let’s meet, M-2")).to_be_visible()


def test_agreed_then_met(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    server.scene.me |= {"present": True, "place": "hall-a"}
    people.three_cards(server.scene)
    page = pages.open()
    live(page)
    server.scene.say("agreed", card="m-1", at=people.AT, your_place="hall-a", their_place=None)
    expect(card(page, "m-1")).to_contain_text("You both said yes")
    expect(card(page, "m-1")).to_contain_text("Mara Okafor hasn’t shared a place yet")
    expect(page.locator("#announcer")).to_have_text("You and Mara Okafor both said yes.")
    look.at(page, "07-agreed-no-place", whole=False)
    server.scene.say("located", card="m-1", at=people.AT, their_place="cafe")
    expect(card(page, "m-1")).to_contain_text("Mara Okafor is at Café by the stairs")
    card(page, "m-1").get_by_label("I’m at …").select_option("hall-b")
    look.at(page, "07-agreed-place", whole=False)
    button(page, "Tell Mara Okafor").click()
    expect(card(page, "m-1")).to_contain_text("You told Mara Okafor: Hall B, north")
    assert server.scene.asked[-1] == ("POST", "/v1/me/answers", {"card": "m-1", "answer": "here", "place": "hall-b"})
    button(page, "Not yet, Mara Okafor").click()
    expect(card(page, "m-1")).to_contain_text("Not yet, then.")
    look.at(page, "07-not-met", whole=False)
    button(page, "We met, Mara Okafor").click()
    expect(card(page, "m-1")).to_contain_text("You met. Great!")
    look.at(page, "08-met", whole=False)


def test_every_withdrawal_reads_the_same(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    server.scene.me |= {"present": True}
    people.three_cards(server.scene)
    page = pages.open()
    live(page)
    button(page, "Not now, Jean-Luc Bouchard").click()
    expect(card(page, "m-2")).to_contain_text("won’t be told")
    below = card(page, "m-3").bounding_box()
    server.scene.say("withdrawn", card="m-1")
    server.scene.say("withdrawn", card="m-2")
    expect(card(page, "m-1")).to_have_text("The card with Mara Okafor is over.OK")
    expect(card(page, "m-2")).to_have_text("All right. Jean-Luc Bouchard won’t be told.OK")  # my own, said by me
    assert card(page, "m-3").bounding_box() == below  # nothing moves under a finger
    expect(page.locator("#announcer")).to_have_text("")  # quietly
    look.at(page, "09-over", whole=False)
    button(page, "OK, Mara Okafor").click()
    expect(card(page, "m-1")).to_have_count(0)


def test_pause_and_resume(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    server.scene.me |= {"present": True}
    page = pages.open("/#you")
    live(page)
    page.get_by_role("switch", name="Suggest me").click()
    expect(page.get_by_role("switch", name="Suggest me")).not_to_be_checked()
    page.get_by_role("link", name="People").click()
    expect(page.get_by_text("You are paused.")).to_be_visible()
    look.at(page, "10-paused", whole=False)
    button(page, "Resume").click()
    expect(page.get_by_text("You are paused.")).to_be_hidden()
    assert [body for _, _, body in server.scene.asked] == [{"matching": False}, {"matching": True}]


def test_blocking_asks_first(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    people.three_cards(server.scene)
    page = pages.open()
    live(page)
    button(page, "Block, Mara Okafor").click()
    look.at(page, "11-block", whole=False)
    button(page, "Cancel").click()
    assert server.scene.asked == []
    button(page, "Block, Mara Okafor").click()
    page.get_by_role("dialog").get_by_role("button", name="Block").click()
    expect(card(page, "m-1")).to_contain_text("is over")
    assert server.scene.asked == [("POST", "/v1/me/blocks", {"card": "m-1"})]


def test_conference_that_is_over(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    server.scene.me["conference"] = {**server.scene.me["conference"], "closed": True}
    people.three_cards(server.scene)
    server.scene.say("agreed", card="m-2", at=people.AT, your_place="hall-a", their_place="cafe")
    page = pages.open()
    live(page)
    expect(page.get_by_text("Health IT Week 2027 is over.")).to_be_visible()
    expect(card(page, "m-2")).to_contain_text("is at Café by the stairs")
    expect(page.locator("#people button:visible")).to_have_count(0)  # nothing to say any more
    look.at(page, "15-closed", whole=False)


def test_thirty_at_once_are_one_group(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    server.scene.me |= {"present": True}
    page = pages.open()
    live(page)
    for n in range(30):
        server.scene.say("suggested", **people.suggested(f"m-{n}", people.NAMES[n]))
    expect(page.get_by_text("27 more people you know are here")).to_be_visible()
    expect(page.locator(".card:visible")).to_have_count(3)
    expect(page.locator("#announcer")).to_contain_text("people you know are here.")
    expect(page.get_by_role("link", name="People, 30 open cards")).to_be_visible()
    look.at(page, "16-group")
    page.reload()  # the same group, by the cards' own times
    live(page)
    expect(page.get_by_text("27 more people you know are here")).to_be_visible()
    button(page, "Show 27 more people").click()
    expect(page.locator(".card:visible")).to_have_count(30)
    assert page.evaluate("document.activeElement.closest('.card') !== null")  # the focus goes on where they begin
