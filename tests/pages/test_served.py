"""The pages on a real ``hallway serve``: from the link to the meeting, and through a ``kill -9`` in mid-stream."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from services.api.pages.answers import POLICY
from tests.pages import organizer_steps
from tests.pages.conftest import CUT, Pages, watched
from tests.pages.locators import button, live, open_with_link
from tests.pages.page_checks import LAPTOP, PageChecks
from tests.pages.real_server import RealServer

CONFIRMED = '{"confirm": "erase me"}'
BEFORE, AFTER = 10, 50
POSITIONS = "all => all.map(one => one.dataset.position)"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """A server with a conference, for all of them: each has people of its own."""
    with RealServer(tmp_path_factory.mktemp("served")) as one:
        one.open()
        yield one


@pytest.fixture
def pages(browser: Any, served: RealServer) -> Iterator[Pages]:
    """Pages of the real server."""
    with watched(browser, served.url) as one:
        yield one


def test_killed_in_mid_stream_fifty_come_once_and_in_order(pages: Pages, served: RealServer) -> None:
    pages.allowed = CUT
    ana = served.register("many", "Ana Lima")
    others = [served.register(f"p{n}", f"Person {n}")["attendee"] for n in range(BEFORE + AFTER)]
    served.post([post for n in range(len(others)) for post in served.talked("many", f"p{n}")])
    page = open_with_link(pages, ana["link"])
    button(page, "I’m here").click()
    expect(page.get_by_role("heading", name="You’re here")).to_be_visible()
    for attendee in others[:BEFORE]:
        served.arrive(attendee)
    expect(page.locator(".card")).to_have_count(BEFORE)
    served.kill()
    expect(page.locator("#lost")).to_contain_text("Offline since")
    expect(page.locator(".card")).to_have_count(BEFORE)
    served.start()
    for attendee in others[BEFORE:]:
        served.arrive(attendee)
    expect(page.locator(".card")).to_have_count(BEFORE + AFTER)
    live(page)
    shown = page.eval_on_selector_all(".card", POSITIONS)
    numbers = [tuple(int(part) for part in position.split("-")) for position in shown]
    assert numbers == sorted(set(numbers))  # once each, in the log's order
    names = page.eval_on_selector_all(".card h3", "all => all.map(one => one.textContent)")
    assert names == [f"Person {n}" for n in range(BEFORE + AFTER)]
    inbox = page.evaluate("fetch('/v1/me/inbox').then((answer) => answer.json())")
    assert sorted(shown) == sorted(card["position"] for card in inbox["cards"])


def test_a_badge_scan_shows_even_through_a_kill(pages: Pages, served: RealServer) -> None:
    pages.allowed = CUT
    ana = served.register("badge", "Ana Lima")
    page = open_with_link(pages, ana["link"])
    served.arrive(ana["attendee"], "hall-b")
    expect(page.get_by_role("heading", name="You’re here, Hall B, north")).to_be_visible()
    served.kill()
    expect(page.locator("#lost")).to_contain_text("Offline since")
    served.start()
    served.arrive(ana["attendee"], "hall-a")
    expect(page.get_by_role("heading", name="You’re here, Hall A")).to_be_visible()


def test_two_meet(pages: Pages, served: RealServer, look: PageChecks) -> None:
    """Two phones, from the link to "We met"; then one erases herself, and her browser keeps nothing."""
    ana, ben = served.register("ana", "Ana Lima"), served.register("ben", "Ben Okri")
    served.post(served.talked("ana", "ben"))
    one, other = open_with_link(pages, ana["link"]), open_with_link(pages, ben["link"])
    for page, place in ((one, "hall-a"), (other, "hall-b")):
        page.get_by_label("Where").select_option(place)
        button(page, "I’m here").click()
    expect(one.locator(".card")).to_contain_text("You answered each other 4 times in #hi27")
    look.at(one, "30-served-card", whole=False)
    button(one, "Let’s meet, Ben Okri").click()
    expect(one.locator(".card")).to_contain_text("You said yes.")
    expect(other.locator(".card")).not_to_contain_text("yes")
    one.reload()
    expect(one.locator(".card")).to_contain_text("You said yes.")
    button(other, "Let’s meet, Ana Lima").click()
    expect(one.locator(".card")).to_contain_text("Ben Okri is at Hall B, north")
    expect(other.locator(".card")).to_contain_text("Ana Lima is at Hall A")
    other.get_by_label("I’m at …").select_option("hall-a")
    button(other, "Tell Ana Lima").click()
    expect(one.locator(".card")).to_contain_text("Ben Okri is at Hall A")
    button(one, "We met, Ben Okri").click()
    expect(one.locator(".card")).to_contain_text("You met. Great!")
    pages.allowed = ("401",)
    one.get_by_role("link", name="You", exact=True).click()
    button(one, "Erase me …").click()
    button(one, "Erase me").click()
    expect(one.get_by_text("Your data has been erased.")).to_be_visible()
    assert one.evaluate("localStorage.length") == 0
    one.reload()
    expect(one.get_by_role("heading", name="Sign in with your link")).to_be_visible()


def test_an_attendee_who_organizes_too_is_both_in_one_browser(pages: Pages, served: RealServer) -> None:
    pages.allowed = ("403",)  # the page asks whether one is signed in already
    phone = open_with_link(pages, served.register("both", "Both Ways")["link"])
    page = pages.open("/organizer", LAPTOP, context=phone.context)
    page.get_by_label("Key").fill(served.key)
    button(page, "Sign in").click()
    expect(page.get_by_role("link", name="Health IT Week")).to_be_visible()
    phone.reload()
    live(phone)
    button(page, "Sign out").click()
    expect(page.get_by_text("You are signed out here.")).to_be_visible()
    phone.reload()
    live(phone)


def test_an_owner_adds_sees_and_signs_out_a_device(pages: Pages, served: RealServer) -> None:
    """By the link on the screen; the first device is told at once, and what it ends leaves by itself."""
    pages.allowed = ("401",)
    phone = open_with_link(pages, served.register("devices", "Two Devices")["link"])
    phone.get_by_role("link", name="You", exact=True).click()
    button(phone, "Sign in on another device").click()
    link = phone.locator("#device-link code").inner_text()
    laptop = open_with_link(pages, link)
    expect(phone.get_by_role("heading", name="New sign-in as you")).to_be_visible()
    expect(phone.locator("#device-link code")).to_have_count(0)
    expect(phone.locator("#sign-ins")).to_contain_text("Chrome on Linux")
    phone.reload()
    expect(phone.get_by_role("heading", name="New sign-in as you")).to_be_visible()
    button(phone.locator("#sign-ins"), "Sign out, Chrome on Linux").click()
    expect(laptop.get_by_text("You are signed out on this device.")).to_be_visible()
    expect(phone.locator("#sign-ins")).to_contain_text("Signed out since")
    button(phone, "OK").click()
    expect(phone.locator("#sign-ins")).to_be_hidden()
    phone.reload()
    live(phone)
    expect(phone.locator("#sign-ins")).to_be_hidden()
    expect(phone.locator("#devices li")).to_have_count(1)
    again = pages.open(link.removeprefix(pages.url))
    button(again, "Continue").click()
    expect(again.get_by_text("This link has been used, has expired or was replaced.")).to_be_visible()


def test_another_site_cannot_sign_a_browser_in(pages: Pages, served: RealServer) -> None:
    """A form of plain text that posts itself, as a page elsewhere would have it; the browser says where it is from."""
    pages.allowed = ("415", "404")
    secret = served.register("forged", "Mallory")["link"].partition("#")[2]
    page = pages.open("about:blank")
    form = f"""<form method="post" enctype="text/plain" action="{served.url}/v1/session">
      <input name='{{"link":"{secret}","x":"' value='"}}'></form>"""
    page.set_content(form)
    with page.expect_navigation():
        page.evaluate("document.forms[0].submit()")
    expect(page.locator("body")).to_contain_text("media-type")
    assert page.context.cookies() == []


def test_nothing_inline_and_nothing_from_elsewhere(pages: Pages, served: RealServer) -> None:
    """The policy that the server sends is the one that the other tests of the pages are under; it holds here too."""
    ana = served.register("alone", "Ana Lima")
    page = open_with_link(pages, ana["link"])
    for path in ("/", "/organizer", "/welcome", "/worker.js", "/static/manifest.webmanifest", "/static/texts.js"):
        answer = page.request.get(served.url + path)
        assert answer.status == 200
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert "unsafe" not in POLICY
    assert POLICY.startswith("default-src 'none';")
    blocked = page.evaluate("""() => new Promise((told) => {
      document.addEventListener('securitypolicyviolation', (one) => told(one.effectiveDirective));
      document.body.append(Object.assign(document.createElement('script'), {textContent: 'document.title = "x"'}));
    })""")
    assert blocked == "script-src-elem"
    assert page.title() == "Hallway"
    pages.allowed = ("Content Security Policy",)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def test_an_organizer_uses_the_whole_page(pages: Pages, served: RealServer, look: PageChecks) -> None:
    """All of the organizer's page, on what a server really says."""
    pages.allowed = ("401", "409")
    page = organizer_steps.sign_in(pages, served.key)
    organizer_steps.open_conference(page, "second", "The Second")
    organizer_steps.import_file(page)
    open_with_link(pages, organizer_steps.make_links(page, served.url)[0]).close()
    elif_ = organizer_steps.register(page, "Elif Eriksen", "x:elif")
    phone = open_with_link(pages, organizer_steps.make_new_link(page, elif_))
    button(phone, "I’m here").click()
    expect(phone.get_by_role("heading", name="You’re here")).to_be_visible()
    organizer_steps.explain(page, elif_)
    scanner = organizer_steps.make_key(page, "door-1")
    assert served.scanned(scanner, "second", elif_, "hall-a") == "accepted"
    expect(phone.get_by_role("heading", name="You’re here, Hall A")).to_be_visible()
    organizer_steps.revoke_key(page, "door-1")
    assert served.scanned(scanner, "second", elif_, "hall-a") == "401"
    served.send_badly('{"type": "checkin.arrived", "conference": "second", "id": "x:1", "attendee": ""}')
    organizer_steps.resend_dead_letter(
        page, {"type": "checkin.arrived", "conference": "second", "id": "x:1", "attendee": elif_}
    )
    look.at(page, "31-served-organizer", LAPTOP)
    organizer_steps.close_conference(page)
    phone.reload()
    expect(phone.get_by_text("The Second is over.")).to_be_visible()
    organizer_steps.erase_conference(page)
    expect(page.get_by_role("link", name="The Second")).to_have_count(0)
    organizer_steps.sign_out(page)


def test_an_erased_person_returns_by_their_own_tap(pages: Pages, served: RealServer) -> None:
    """The organizer registers her once more, with every consent ticked: nothing begins before she says so herself."""
    pages.allowed = (*CUT, "401")  # the page that is open while its session ends
    page = open_with_link(pages, served.register("gone", "Ana Gone")["link"])
    erase = "{method: 'DELETE', headers: {'content-type': 'application/json', 'x-hallway': '1'}, body: BODY}"
    status = page.evaluate(f"fetch('/v1/me', {erase.replace('BODY', repr(CONFIRMED))}).then((answer) => answer.status)")
    assert status == 202
    again = served.register("gone", "Ana Gone")
    assert "confirmation" in again["note"]
    page = open_with_link(pages, again["link"])
    expect(page.locator("#paused")).to_be_visible()
    button(page, "Resume").click()
    expect(page.locator("#paused")).to_be_hidden()
    consent = page.evaluate("fetch('/v1/me').then((answer) => answer.json())")["consent"]
    assert consent == {"matching": True, "chats": False, "share_place": False, "show_name": False}
