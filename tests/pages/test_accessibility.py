"""Without a mouse, without sight, without motion, right to left: everybody can do everything."""

from pathlib import Path

from playwright.sync_api import expect

from tests.pages import people
from tests.pages.conftest import Pages
from tests.pages.fake_server import STATIC, FakeServer
from tests.pages.keyboard import go_to, press
from tests.pages.locators import card, live
from tests.pages.page_checks import PHONE, SMALL, PageChecks

# Longer, with marks above the letters, and from right to left.
PSEUDO = """
const LONG = { a: "áà", e: "éè", i: "íì", o: "óò", u: "úù" };
const wide = (text) => text.replace(/\\{\\w+\\}|[aeiou]/g, (part) => LONG[part] ?? part);
for (const [key, text] of Object.entries(TEXTS))
  TEXTS[key] = typeof text === "string" ? wide(text) : { one: wide(text.one), other: wide(text.other) };
document.documentElement.dir = "rtl";
"""


def test_every_action_works_by_keyboard(pages: Pages, server: FakeServer) -> None:
    server.scene.reply[("POST", "/v1/me/accounts")] = {"code": "c", "expires_at": people.AT, "text": "code c"}
    server.scene.reply[("POST", "/v1/me/accounts/check")] = {"state": "verified"}
    people.three_cards(server.scene)
    page = pages.open("/", SMALL)
    live(page)
    press(page, "Skip to the content")
    go_to(page, "Where")
    page.keyboard.press("ArrowDown")
    press(page, "I’m here")
    press(page, "I’ve moved")
    page.keyboard.press("ArrowDown")  # the places have the focus already
    press(page, "I’m here now")
    press(page, "Let’s meet, Mara Okafor")
    expect(card(page, "m-1")).to_contain_text("You said yes.")
    press(page, "Later, Jean-Luc Bouchard")
    expect(card(page, "m-2")).to_contain_text("Later, then.")
    press(page, "Not now, Somebody you know")
    expect(card(page, "m-3")).to_contain_text("won’t be told")
    assert page.evaluate("document.activeElement.closest('.card').dataset.card") == "m-3"  # not lost
    server.scene.say("agreed", card="m-1", at=people.AT, your_place="hall-a", their_place="cafe")
    expect(card(page, "m-1")).to_contain_text("You both said yes")
    page.locator("#cards-heading").focus()
    go_to(page, "I’m at …")
    page.keyboard.press("ArrowDown")
    press(page, "Tell Mara Okafor")
    expect(card(page, "m-1")).to_contain_text("You told Mara Okafor: Hall A")
    press(page, "We met, Mara Okafor")
    press(page, "Block, Jean-Luc Bouchard")
    press(page, "Block")  # the dialog's own; the harmless one has the focus at first
    expect(card(page, "m-2")).to_contain_text("is over")
    press(page, "OK, Jean-Luc Bouchard")
    expect(page.locator("#cards-heading")).to_be_focused()
    go_to(page, "I’m leaving", "Shift+Tab")
    page.keyboard.press("Enter")
    press(page, "You")
    expect(page.locator("#you-heading")).to_be_focused()
    for switch in ("Suggest me", "Show my name", "Count the chats we shared", "Show my place"):
        press(page, switch)
    go_to(page, "Add an account")
    page.keyboard.type("bluesky:ana.example")
    page.keyboard.press("Enter")
    press(page, "Check now, bluesky:ana.example")
    expect(page.locator('[data-account="bluesky:ana.example"]')).to_contain_text("Verified")
    press(page, "Erase me …")
    page.keyboard.press("Escape")
    press(page, "Sign out on this device")
    expect(page.locator("#welcome-heading")).to_be_focused()
    said = [f"{method} {path.removeprefix('/v1/')}" for method, path, _ in server.scene.asked]
    assert said == [
        *["POST me/here"] * 2,
        *["POST me/answers"] * 5,
        "POST me/blocks",
        "POST me/left",
        *["PATCH me/consent"] * 4,
        "POST me/accounts",
        "POST me/accounts/check",
        "DELETE session",
    ]


def test_a_new_card_is_announced_politely_and_takes_no_focus(pages: Pages, server: FakeServer) -> None:
    people.three_cards(server.scene)
    page = pages.open()
    live(page)
    expect(page.locator("#announcer")).to_have_attribute("aria-live", "polite")
    page.get_by_role("button", name="Let’s meet, Mara Okafor").focus()
    server.scene.say("suggested", **people.suggested("m-4", "Ines Castillo", at=people.LATER))
    expect(page.locator("#announcer")).to_have_text(
        "New: Ines Castillo. You answered each other 7 times in #hitsm, last on 3 November."
    )
    expect(page.get_by_role("button", name="Let’s meet, Mara Okafor")).to_be_focused()


def test_motion_only_for_people_who_want_it(pages: Pages, server: FakeServer) -> None:
    for wanted, name in (("reduce", "none"), ("no-preference", "arrive")):
        people.three_cards(server.scene)
        page = pages.open(reduced_motion=wanted)
        live(page)
        assert page.locator(".card").first.evaluate("one => getComputedStyle(one).animationName") == name


def test_right_to_left_and_longer_words(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    pages.allowed = ("blocked by Playwright",)
    server.scene.me |= {"present": True, "place": "hall-b"}
    people.three_cards(server.scene)
    server.scene.say("agreed", card="m-1", at=people.AT, your_place="hall-a", their_place="cafe")
    context = pages.context(service_workers="block")  # they would answer before the test does
    texts = (Path(STATIC) / "texts.js").read_text() + PSEUDO
    context.route("**/static/texts.js", lambda route: route.fulfill(body=texts, content_type="text/javascript"))
    page = pages.open(context=context)
    expect(card(page, "m-1")).to_contain_text("bóòth")
    look.at(page, "22-right-to-left", PHONE, SMALL)
    page.get_by_role("link", name="Yóòúù").click()
    look.at(page, "23-right-to-left-you", PHONE, SMALL)
