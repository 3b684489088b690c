"""Devices on the page "You", the notice of a new one, and accounts as the log has them."""

from typing import Any

from playwright.sync_api import expect

from tests.pages import people
from tests.pages.conftest import Pages
from tests.pages.fake_server import FakeServer
from tests.pages.locators import button, live
from tests.pages.page_checks import PageChecks

PHONE, LAPTOP = "Safari on iPhone", "Firefox on Windows"
MADE = {
    "link": f"https://meet.example.org/welcome#{people.LINK}",
    "expires_at": "2027-03-09T16:30:00Z",
    "qr": {"size": 12, "path": "M4 4h3v1h-3zM5 6h1v1h-1z"},
}


def you(pages: Pages, server: FakeServer) -> Any:
    server.scene.sessions = [
        people.session("s-1", PHONE, this=True),
        people.session("s-2", LAPTOP),
        people.session("s-3", "Chrome on Android", used=None),
    ]
    page = pages.open("/#you")
    live(page)
    expect(page.locator("#devices li")).to_have_count(3)
    return page


def test_a_device_is_signed_out_by_its_owner(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    page = you(pages, server)
    this, laptop = page.locator('[data-session="s-1"]'), page.locator('[data-session="s-2"]')
    expect(this).to_contain_text("This device")
    expect(this.get_by_role("button")).to_have_count(0)
    expect(laptop).to_contain_text("Signed in 9 March 2027, 10:05, last used 9 March 2027, 11:20")
    button(page, f"Sign out, {LAPTOP}").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"Sign out {LAPTOP}?")
    page.keyboard.press("Escape")
    assert server.scene.asked == []
    button(page, f"Sign out, {LAPTOP}").click()
    with server.scene.lock:
        server.scene.sessions = [server.scene.sessions[0], server.scene.sessions[2]]
    button(page.get_by_role("dialog"), "Sign out").click()
    expect(page.locator("#devices li")).to_have_count(2)
    button(page, "Sign out all other devices").click()
    with server.scene.lock:
        server.scene.sessions = server.scene.sessions[:1]
    button(page.get_by_role("dialog"), "Sign out").click()
    expect(page.locator("#devices li")).to_have_count(1)
    expect(button(page, "Sign out all other devices")).to_be_hidden()
    assert [each[:2] for each in server.scene.asked] == [
        ("DELETE", "/v1/me/sessions/s-2"),
        ("DELETE", "/v1/me/sessions"),
    ]


def test_adding_a_device_by_keyboard(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    server.scene.reply[("POST", "/v1/me/links")] = MADE
    page = you(pages, server)
    button(page, "Sign in on another device").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("img", name="QR code of the link")).to_be_visible()
    expect(page.get_by_text("It works once, until 9 March 2027, 11:30")).to_be_visible()
    expect(page.get_by_text(MADE["link"])).to_be_visible()
    expect(page.locator("#device-link button")).to_be_focused()
    assert page.locator(".qr path").get_attribute("d") == MADE["qr"]["path"]
    look.at(page, "15-devices")
    server.scene.sign_in(people.sign_in(2, LAPTOP, "s-2"))
    expect(page.locator(".qr")).to_have_count(0)  # it is used: it is shown no more


def test_too_many_devices_say_what_to_do(pages: Pages, server: FakeServer) -> None:
    pages.allowed = ("409",)
    server.scene.refuse[("POST", "/v1/me/links")] = (409, {"detail": "Sign one of them out first."})
    page = you(pages, server)
    button(page, "Sign in on another device").click()
    expect(page.get_by_text("Sign one of them out first.")).to_be_visible()


def test_a_new_device_is_announced_on_every_page_until_dismissed(
    pages: Pages, server: FakeServer, look: PageChecks
) -> None:
    page = pages.open()
    live(page)
    other = pages.open("/#you", context=page.context)
    live(other)
    expect(page.locator("#sign-ins")).to_be_hidden()
    server.scene.sign_in(people.sign_in(2, LAPTOP, "s-2"), people.sign_in(3, "Unknown device", None))
    for tab in (page, other):
        expect(tab.get_by_role("heading", name="2 new sign-ins as you")).to_be_visible()
        expect(tab.locator("#sign-ins")).to_contain_text("Firefox on Windows, 9 March 2027, 11:20")
        expect(tab.locator("#sign-ins")).to_contain_text("Signed out since")
    expect(button(page, "It was me")).to_be_visible()
    look.at(page, "16-sign-ins")
    other.reload()
    expect(other.get_by_role("heading", name="2 new sign-ins as you")).to_be_visible()
    button(page, f"Sign out, {LAPTOP}").click()
    expect(button(page, f"Sign out, {LAPTOP}")).to_have_count(0)
    expect(button(page.locator("#sign-ins"), "OK")).to_be_focused()
    page.keyboard.press("Enter")
    for tab in (page, other):
        expect(tab.locator("#sign-ins")).to_be_hidden()
    assert server.scene.asked == [
        ("DELETE", "/v1/me/sessions/s-2", ""),
        ("POST", "/v1/me/sessions/seen", {"number": 3}),
    ]


def test_accounts_are_shown_as_the_log_has_them(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    states = {
        "x:mine": ("verified", "Verified"),
        "x:counts": ("claimed", "Counts here"),
        "x:open": ("needs_proof", "Needs proof"),
        "x:coming": ("unfinished", "Not confirmed yet"),
        "x:gone": ("lost", "No longer yours"),
    }
    with server.scene.lock:
        server.scene.me["accounts"] = [
            {"account": account, "verified": state == "verified", "state": state}
            for account, (state, _) in states.items()
        ]
    server.scene.reply[("POST", "/v1/me/accounts/check")] = {"state": "verified"}
    page = pages.open("/#you")
    live(page)
    for account, (_, words) in states.items():
        expect(page.locator(f'[data-account="{account}"]')).to_contain_text(words)
    expect(button(page, "Get a code, x:mine")).to_have_count(0)
    for account in ("x:counts", "x:open", "x:gone"):
        expect(button(page, f"Get a code, {account}")).to_be_visible()
    expect(page.get_by_text("Somebody proved it after you.")).to_be_visible()
    look.at(page, "12-you-accounts")
    button(page, "Check now, x:coming").click()
    expect(page.locator('[data-account="x:coming"]')).to_contain_text("Verified")
