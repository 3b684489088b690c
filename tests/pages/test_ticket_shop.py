"""The ticket shop on the organizer's page: set up, tried, its health in words, its webhook copied, paused, removed."""

from typing import Any

from playwright.sync_api import expect

from tests.pages.conftest import Pages
from tests.pages.fake_server import FakeServer
from tests.pages.locators import button
from tests.pages.page_checks import LAPTOP, PHONE, SMALL, PageChecks
from tests.pages.test_organizer import signed_in, wait_until_live

BASE = "/v1/conferences/hi-27/connectors"
SHOP = f"{BASE}/pretix"
HOOK = "https://meet.example.org/v1/hooks/8TfM0bq2xv3r5y7PjQ0vX2kTz8cWm1nR4sYbA6dGhJ7"
AT = "2027-03-09T10:20:00.000Z"
CONFIG: dict[str, Any] = {
    "kind": "pretix",
    "address": "https://pretix.eu",
    "organizer": "himss",
    "event": "2027",
    "lists": [{"list": 4711, "place": None, "leaves": "conference"}],
    "gates": {},
}
HEALTH: dict[str, Any] = {
    "state": "live",
    "text": "",
    "lag_s": 0.0,
    "seen_at": AT,
    "event_at": AT,
    "error": "",
    "error_at": None,
    "counts": {"registered": 2500, "check_ins": 1, "undone": 2, "duplicates": 9},
    "history": {"since": AT, "state": "running", "done": 350, "total": 2500},
}
ONE: dict[str, Any] = {
    "id": "pretix",
    "kind": "pretix",
    "config": CONFIG,
    "secrets": ["token"],
    "has_webhook": True,
    "paused": False,
    "made_at": AT,
    "health": HEALTH,
}
TESTED = {
    "is_good": True,
    "checks": [
        {"text": "pretix accepts the token. The event is HIMSS 2027.", "is_good": True},
        {"text": "Tickets can be read.", "is_good": True},
        {"text": "Check-ins can be read.", "is_good": True},
    ],
    "choices": {"list": [{"id": "4711", "name": "Main entrance"}, {"id": "4712", "name": "Workshop"}]},
}


def test_a_shop_is_tried_saved_and_its_webhook_copied(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    scene = server.scene
    page = signed_in(pages)
    wait_until_live(page)
    panel = page.get_by_role("region", name="Ticket shop")
    expect(panel).to_contain_text("No shop is connected yet.")
    panel.get_by_label("Organizer’s short form").fill("himss")
    panel.get_by_label("Event’s short form").fill("2027")
    panel.get_by_label("API token").fill("t0ken")
    failed = {"text": "pretix does not accept the token. Make a new one in pretix and enter it here.", "is_good": False}
    scene.reply[("POST", f"{SHOP}/test")] = {"is_good": False, "checks": [failed], "choices": {}}
    button(panel, "Test the connection").click()
    expect(panel.get_by_text("✗ pretix does not accept the token.")).to_be_visible()
    look.at(page, "40-shop-refused", LAPTOP, PHONE)
    scene.reply[("POST", f"{SHOP}/test")] = TESTED
    button(panel, "Test the connection").click()
    expect(panel.get_by_text("✓ Check-ins can be read.")).to_be_visible()
    panel.get_by_label("Check-in list").select_option("Main entrance")
    with scene.lock:
        scene.reply[("PUT", SHOP)] = {"connector": ONE, "webhook": HOOK}
        scene.connectors = [ONE]
    button(panel, "Save and start").click()
    expect(panel.locator("code")).to_have_text(HOOK)
    lists = [{"list": 4711, "place": None}]
    sent = {"config": CONFIG | {"lists": lists}, "secrets": {"token": "t0ken"}}
    assert [each for each in scene.asked if each[0] == "PUT"] == [("PUT", SHOP, sent)]
    expect(panel.get_by_label("API token")).to_have_value("")
    shop = page.locator('[data-connector="pretix"]')
    expect(shop).to_contain_text("up to date")
    expect(shop).to_contain_text("2,500 people registered · 1 check-in · 2 scans undone")
    expect(shop).to_contain_text("Bringing the last days: 350 of 2,500")
    look.at(page, "41-shop-saved", LAPTOP, PHONE, SMALL)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button(panel, "Copy").click()
    expect(button(panel, "Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == HOOK


def test_its_trouble_is_said_and_it_is_paused_and_removed(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    scene = server.scene
    text = "pretix does not accept the token. Make a new one in pretix and enter it here."
    failing = HEALTH | {"state": "failing", "text": text, "history": None, "lag_s": 600.0}
    scene.connectors = [ONE | {"health": failing}]
    page = signed_in(pages)
    wait_until_live(page)
    panel = page.get_by_role("region", name="Ticket shop")
    shop = page.locator('[data-connector="pretix"]')
    expect(shop).to_contain_text("needs you")
    expect(shop).to_contain_text(text)
    expect(shop).to_contain_text("Behind by 10 minutes")
    expect(panel.get_by_label("Organizer’s short form")).to_have_value("himss")
    expect(panel.get_by_label("API token")).to_have_attribute("placeholder", "Stays as it is")
    look.at(page, "42-shop-failing", LAPTOP, PHONE)
    with scene.lock:
        scene.connectors = [ONE | {"paused": True, "health": HEALTH | {"state": "paused", "history": None}}]
    button(page, "Pause, pretix").click()
    expect(shop).to_contain_text("paused")
    with scene.lock:
        scene.connectors = [ONE]
    button(page, "Resume, pretix").click()
    expect(shop).to_contain_text("up to date")
    button(page, "Bring the last 2 days, pretix").click()
    expect(panel.get_by_text("Begun.")).to_be_visible()
    scene.reply[("POST", f"{SHOP}/webhook")] = {"webhook": HOOK}
    button(page, "New webhook address, pretix").click()
    expect(panel.locator("code")).to_have_text(HOOK)
    button(page, "Remove, pretix").click()
    page.keyboard.press("Escape")
    assert not [each for each in scene.asked if each[0] == "DELETE"]
    with scene.lock:
        scene.connectors = []
    button(page, "Remove, pretix").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove it").click()
    expect(panel).to_contain_text("No shop is connected yet.")
    changed = [each[:2] for each in scene.asked if each[1].startswith(BASE)]
    assert changed == [
        ("POST", f"{SHOP}/pause"),
        ("POST", f"{SHOP}/resume"),
        ("POST", f"{SHOP}/history"),
        ("POST", f"{SHOP}/webhook"),
        ("DELETE", SHOP),
    ]
