"""Signing in and out: the link, the welcome page, erasing, and what is left on the device afterwards."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.pages import people
from tests.pages.conftest import Pages
from tests.pages.fake_server import FakeServer
from tests.pages.locators import button, live
from tests.pages.page_checks import PageChecks

GONE = {"status": 401, "detail": "This is not good any more, or never was. Ask the organizer for a new one."}
LEFT_BEHIND = """async () => {
  const ours = [];
  for (const name of await caches.keys())
    for (const {url} of await (await caches.open(name)).keys())
      if (!/^[/](static[/].*)?$/.test(new URL(url).pathname)) ours.push(url);
  return {stored: localStorage.length + sessionStorage.length, ours};
}"""


def nothing_is_left(page: Any) -> None:
    """No storage, nothing of anybody's in a cache, no card or name in the page."""
    assert page.evaluate(LEFT_BEHIND) == {"stored": 0, "ours": []}
    assert page.locator("#cards > *, #you > *").count() == 0
    for word in ("Mara", "Ana", "mastodon", "Health IT"):
        assert word not in page.locator("body").inner_html()


def test_only_a_tap_uses_the_link(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    page = pages.open(f"/welcome#{people.LINK}")
    expect(button(page, "Continue")).to_be_visible()
    assert server.scene.asked == []
    look.at(page, "01-link", whole=False)
    button(page, "Continue").click()
    live(page)
    assert server.scene.asked == [("POST", "/v1/session", {"link": people.LINK})]
    assert page.url == server.url + "/"


def test_used_link_says_what_to_do(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    pages.allowed = ("401",)
    server.scene.signed_in = False
    server.scene.refuse[("POST", "/v1/session")] = (401, GONE)
    page = pages.open(f"/welcome#{people.LINK}")
    button(page, "Continue").click()
    expect(page.get_by_text("Ask the organizer for a new one.")).to_be_visible()
    expect(button(page, "Continue")).to_be_enabled()
    look.at(page, "01-link-used", whole=False)


def test_a_link_tapped_twice_works(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    pages.allowed = ("401",)
    server.scene.refuse[("POST", "/v1/session")] = (401, GONE)
    page = pages.open(f"/welcome#{people.LINK}")
    button(page, "Continue").click()
    expect(page.get_by_role("link", name="Stay signed in as Ana Lima")).to_be_visible()
    look.at(page, "01-link-twice", whole=False)
    page.get_by_role("link", name="Stay signed in as Ana Lima").click()
    live(page)


def test_without_a_session(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    pages.allowed = ("401",)
    server.scene.signed_in = False
    page = pages.open("/")
    expect(page.get_by_role("heading", name="Sign in with your link")).to_be_visible()
    look.at(page, "02-welcome", whole=False)
    page.get_by_role("textbox", name="Your sign-in link").fill("hello there")
    button(page, "Continue").click()
    expect(page.get_by_text("This does not look like your sign-in link")).to_be_visible()
    look.at(page, "02-welcome-no-link", whole=False)
    page.get_by_role("textbox", name="Your sign-in link").fill(f" https://hallway.example/welcome#{people.LINK}\n")
    button(page, "Continue").click()
    page.wait_for_url(f"**/welcome#{people.LINK}")
    expect(button(page, "Continue")).to_be_visible()
    assert server.scene.asked == []


def test_incomplete_and_old_links_say_what_to_do(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    pages.allowed = ("410",)
    for path, said in (
        ("/welcome", "This link is incomplete."),
        (f"/welcome#{people.LINK[:30]}", "This link is incomplete."),
        (f"/m/{people.LINK}", "Ask your organizer for a new one."),
    ):
        page = pages.open(path)
        expect(page.get_by_text(said)).to_be_visible()
        expect(button(page, "Continue")).to_be_hidden()
    look.at(page, "01-link-old", whole=False)
    assert server.scene.asked == []


def test_the_secret_of_a_link_is_sent_in_the_body_only(pages: Pages, server: FakeServer) -> None:
    """No address that is asked for has it, and no Referer: from the tap to the page behind it."""
    page = pages.open("about:blank")
    seen: list[str] = []
    page.on("request", lambda request: seen.append(f"{request.url.partition('#')[0]} {request.headers}"))
    page.goto(f"{server.url}/welcome#{people.LINK}")
    button(page, "Continue").click()
    live(page)
    assert len(seen) > 5
    assert not [each for each in seen if people.LINK.rpartition(".")[2] in each]


def test_a_link_for_somebody_else_warns_who_is_signed_in(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    before = pages.open()
    live(before)
    page = pages.open(f"/welcome#{people.LINK}", context=before.context)
    expect(page.get_by_text("You are signed in here as Ana Lima.")).to_be_visible()
    look.at(page, "01-link-signed-in", whole=False)


@pytest.mark.parametrize("way", ["erase", "sign out"])
def test_leaving_clears_every_tab(pages: Pages, server: FakeServer, look: PageChecks, way: str) -> None:
    people.three_cards(server.scene)
    server.scene.reply[("GET", "/v1/me/blocks")] = [{"blocked": "x", "name": "Mara Okafor", "picture": None}]
    other = pages.open("/#you")
    live(other)
    page = pages.open("/#you", context=other.context)
    live(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    if way == "erase":
        button(page, "Erase me …").click()
        look.at(page, "13-erase", whole=False)
        page.keyboard.press("Escape")
        assert server.scene.asked == []
        button(page, "Erase me …").click()
        button(page, "Erase me").click()
    else:
        button(page, "Sign out on this device").click()
    said = {"erase": "Your data has been erased.", "sign out": "You are signed out"}[way]
    for tab in (page, other):
        expect(tab.get_by_text(said)).to_be_visible()
        nothing_is_left(tab)
    if way == "erase":
        assert server.scene.asked == [("DELETE", "/v1/me", {"confirm": "erase me"})]
        look.at(page, "14-erased", whole=False)
    pages.allowed = ("401",)
    other.reload()
    expect(other.get_by_role("heading", name="Sign in with your link")).to_be_visible()
    nothing_is_left(other)


def test_a_session_that_ends_elsewhere_ends_here(pages: Pages, server: FakeServer) -> None:
    """As after erasing oneself on another device: the stream ends, and the page leaves by itself."""
    pages.allowed = ("401",)
    people.three_cards(server.scene)
    page = pages.open()
    live(page)
    with server.scene.lock:
        server.scene.signed_in = False
    server.stop()
    server.start()
    expect(page.get_by_text("You are signed out on this device.")).to_be_visible()
    nothing_is_left(page)


def test_somebody_else_signs_in_here(pages: Pages, server: FakeServer) -> None:
    """Another tab of the one before shows and keeps nothing of theirs any more."""
    people.three_cards(server.scene)
    before = pages.open()
    live(before)
    with server.scene.lock:
        server.scene.me = people.me(attendee="ben", name="Ben Okri")
        server.scene.inbox = {"position": "9", "cards": []}
    after = pages.open(f"/welcome#{people.LINK}", context=before.context)
    button(after, "Continue").click()
    live(after)
    expect(before.locator(".card")).to_have_count(0)
    assert "Mara" not in before.evaluate("localStorage.hallway")
