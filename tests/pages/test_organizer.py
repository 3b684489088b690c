"""The organizer's page on a laptop."""

from collections.abc import Callable
from typing import Any

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


def signed_in(pages: Pages, conference: str) -> Any:
    page = pages.open("/organizer", LAPTOP)
    page.get_by_label("Key").fill("secret")
    page.get_by_label("Conference").fill(conference)
    page.get_by_role("button", name="Sign in").click()
    return page


def test_what_the_form_shows_is_sent_again_without_loss(pages: Pages, server: FakeServer) -> None:
    page = signed_in(pages, "hi-27")
    expect(page.get_by_label("Starts (time there)")).to_have_value("2027-03-09T09:00")
    expect(page.get_by_label("Ends (time there)")).to_have_value("2027-03-16T18:30")  # the clocks have changed
    page.get_by_role("button", name="Open or change").click()
    expect(page.get_by_text("Saved. It holds from now on.")).to_be_visible()
    (sent,) = [body for method, _, body in server.scene.asked if method == "PUT"]
    opening = people.WHOLE["opening"]
    assert sent == {**opening, "hashtags": ["#hi27", "#hitsm"]}


def test_a_new_conference_begins_with_an_empty_form(pages: Pages, server: FakeServer) -> None:
    page = signed_in(pages, "another")
    expect(page.get_by_label("Name", exact=True)).to_have_value("")
    expect(page.get_by_role("button", name="Explain")).to_have_count(0)
