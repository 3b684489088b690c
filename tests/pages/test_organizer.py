"""The organizer's page on a laptop."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.pages import people
from tests.pages.conftest import LAPTOP, Pages
from tests.pages.fake_server import FakeServer


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_numbers_letters_and_why(pages: Pages, server: FakeServer, shot: Callable[..., None], scheme: str) -> None:
    server.scene.reply[("GET", "/v1/conferences/hi-27/why")] = {"steps": people.STEPS}
    page = pages.open("/organizer", LAPTOP, color_scheme=scheme)
    page.get_by_label("Key").fill("secret")
    page.get_by_label("Conference").fill("hi-27")
    shot(page, f"20-sign-in-{scheme}")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#status-text")).to_have_text("Flowing")
    for n in (28, 35, 31, 12, 40.5):
        server.scene.count(events_per_second=n)
        expect(page.locator('[data-number="events_per_second"]')).to_have_text(str(n))
    expect(page.locator(".bars")).to_contain_text("<5")
    page.get_by_role("button", name="Show the dead letters").click()
    page.get_by_role("button", name="Show as text: letter 1").click()
    expect(page.locator("pre")).to_have_text('{"type": "?<script>alert(1)</script>')
    page.get_by_label("One attendee’s id").fill("a")
    page.get_by_label("The other’s id").fill("b")
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_text("Held back for a private reason.")).to_be_visible()
    shot(page, f"21-organizer-{scheme}")
