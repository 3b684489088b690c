"""The organizer's keys for scanners and desks: shown once, copied, listed, revoked."""

from playwright.sync_api import expect

from tests.pages import people
from tests.pages.conftest import CUT, Pages
from tests.pages.fake_server import FakeServer
from tests.pages.keyboard import go_to, press
from tests.pages.locators import button
from tests.pages.page_checks import LAPTOP, PHONE, SMALL, PageChecks
from tests.pages.test_organizer import signed_in, wait_until_live

WHERE = "/v1/conferences/hi-27/keys"
SHOWN = "hw.key.64e92def201bc5bf.lHkHgc5xYYjEmnIQcIG3PHQ-5ShG3HVE8-E3EYQRxgo"


def test_a_key_is_made_shown_once_and_copied(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    pages.allowed = ("422",)
    server.scene.reply[("POST", WHERE)] = {"key": "64e92def201bc5bf", "secret": SHOWN}
    page = signed_in(pages)
    wait_until_live(page)
    panel = page.get_by_role("region", name="Scanners and desks")
    expect(panel).to_contain_text("No keys yet.")
    server.scene.refuse[("POST", WHERE)] = (422, {"detail": "The name clock is the server's own."})
    panel.get_by_label("Name of the scanner or desk").fill("clock")
    button(panel, "Make a key").click()
    expect(panel.get_by_text("The name clock is the server's own.")).to_be_visible()
    with server.scene.lock:
        server.scene.refuse.clear()
        server.scene.keys = people.KEYS
    panel.get_by_label("Name of the scanner or desk").fill("door-1")
    panel.get_by_label("Valid for (days)").fill("7")
    button(panel, "Make a key").click()
    expect(panel.get_by_text("The key of door-1, shown once.")).to_be_visible()
    expect(panel.locator("code")).to_have_text(SHOWN)
    expect(panel.get_by_text("Valid until 8 April 2027. Last used 9 March 2027, 11:20.")).to_be_visible()
    assert server.scene.asked[-1] == ("POST", WHERE, {"id": "door-1", "days": 7})
    look.at(page, "28-keys", LAPTOP, PHONE, SMALL)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button(panel, "Copy").click()
    expect(button(panel, "Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == SHOWN
    page.reload()
    wait_until_live(page)
    expect(panel.get_by_text("badges")).to_be_visible()
    expect(page.get_by_text(SHOWN)).to_have_count(0)
    assert SHOWN not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, location.href])")


def test_a_key_is_revoked_by_keyboard_and_the_operators_key_cannot_be(pages: Pages, server: FakeServer) -> None:
    server.scene.keys = people.KEYS
    page = signed_in(pages)
    wait_until_live(page)
    expect(page.locator('[data-key="k2"]')).to_contain_text("the operator’s")
    expect(page.locator('[data-key="k2"]').get_by_role("button")).to_have_count(0)
    press(page, "Revoke, door-1")
    expect(page.get_by_role("dialog")).to_contain_text("Revoke the key of door-1?")
    page.keyboard.press("Escape")
    expect(button(page, "Revoke, door-1")).to_be_focused()
    assert server.scene.asked[1:] == []
    page.keyboard.press("Enter")
    with server.scene.lock:
        server.scene.keys = people.KEYS[1:]
    press(page, "Revoke it")
    expect(page.get_by_text("The key of door-1 is revoked.")).to_be_visible()
    expect(page.get_by_label("Name of the scanner or desk")).to_be_focused()
    expect(page.locator("[data-key]")).to_have_count(1)
    assert server.scene.asked[1:] == [("DELETE", f"{WHERE}/k1", "")]


def test_offline_is_reported_and_recovers(pages: Pages, server: FakeServer) -> None:
    pages.allowed = CUT
    server.scene.keys = people.KEYS
    page = signed_in(pages)
    wait_until_live(page)
    server.stop()
    go_to(page, "Name of the scanner or desk")
    page.keyboard.type("door-2")
    page.keyboard.press("Enter")
    panel = page.get_by_role("region", name="Scanners and desks")
    expect(panel.get_by_text("No connection. Tap again")).to_be_visible()
    expect(page.locator("[data-key]")).to_have_count(2)  # what was there stays
    server.scene.reply[("POST", WHERE)] = {"key": "64e92def201bc5bf", "secret": SHOWN}
    server.start()
    button(panel, "Make a key").click()
    expect(panel.locator("code")).to_have_text(SHOWN)


def test_what_devices_sent_is_shown_with_advice(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    page = signed_in(pages)
    wait_until_live(page)
    panel = page.get_by_role("region", name="Scanners and desks")
    expect(panel).to_contain_text("No scanner or desk has sent anything yet.")
    with server.scene.lock:
        server.scene.devices = people.DEVICES
    button(panel, "Refresh").click()
    row = panel.get_by_role("row", name="door-north")
    expect(row).to_contain_text("17 times: Its clock is ahead of the server's by 9 h, so its check-ins were rejected.")
    expect(row).to_contain_text("1 time: Tickets that nobody is registered under. Register these people")
    expect(panel.get_by_role("row", name="door-south")).to_contain_text("Nothing")
    look.at(page, "29-devices", LAPTOP, PHONE, SMALL)
    server.scene.refuse[("GET", "/v1/conferences/hi-27/devices")] = (503, {"detail": "Ask again in a moment."})
    pages.allowed = (*pages.allowed, "503")
    button(panel, "Refresh").click()
    expect(panel.get_by_text("Ask again in a moment.")).to_be_visible()
