"""Posts from Bluesky on the organizer's page: begun, their health in words, paused, removed."""

from typing import Any

from playwright.sync_api import expect

from tests.pages.conftest import Pages
from tests.pages.fake_server import FakeServer
from tests.pages.locators import button
from tests.pages.page_checks import LAPTOP, PHONE, SMALL, PageChecks
from tests.pages.test_organizer import signed_in, wait_until_live
from tests.pages.test_ticket_shop import AT, BASE, HEALTH
from tests.pages.test_ticket_shop import ONE as SHOP

SKY = f"{BASE}/bluesky"
CONFIG = {"kind": "bluesky", "address": "https://jetstream.us-east.bsky.network", "read": "hashtags"}
GAP = "Bluesky's stream does not reach back to where reading stopped. Posts from in between are missing."
ONE: dict[str, Any] = {
    "id": "bluesky",
    "kind": "bluesky",
    "config": CONFIG,
    "secrets": [],
    "has_webhook": True,
    "paused": False,
    "made_at": AT,
    "health": HEALTH | {"counts": {"posts": 412, "deletions": 1}, "history": None, "error": GAP, "error_at": AT},
}


def test_posts_are_begun_and_their_health_is_in_words(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    scene = server.scene
    page = signed_in(pages)
    wait_until_live(page)
    panel = page.get_by_role("region", name="Posts from Bluesky")
    expect(panel.get_by_text("No posts come in yet.")).to_be_visible()
    panel.get_by_label("Whose posts").select_option("hashtags")
    with scene.lock:
        scene.reply["PUT", SKY] = {"connector": ONE, "webhook": None}
        scene.connectors = [SHOP, ONE]
    button(panel, "Save and start").click()
    expect(panel.get_by_text("Saved. It runs.")).to_be_visible()
    assert ("PUT", SKY, {"config": {"kind": "bluesky", "read": "hashtags"}, "secrets": {}}) in scene.asked
    expect(panel.get_by_text("412 posts · 1 post deleted")).to_be_visible()
    expect(panel.get_by_text(GAP)).to_be_visible()
    expect(panel.get_by_text("New webhook address")).to_have_count(0)
    expect(panel.locator("[data-connector]")).to_have_count(1)  # the shop is elsewhere
    look.at(page, "21-posts", LAPTOP, PHONE, SMALL)
    with scene.lock:
        scene.connectors = [SHOP]
    button(panel, "Remove, bluesky").click()
    button(page, "Remove it").click()
    expect(panel.get_by_text("No posts come in yet.")).to_be_visible()
    assert ("DELETE", SKY) in [each[:2] for each in scene.asked]
    shop = page.get_by_role("region", name="Ticket shop")
    expect(shop.locator("[data-connector]")).to_have_count(1)
