"""The organizer's page on a laptop."""

from base64 import b64decode
from typing import Any

from playwright.sync_api import expect

from tests.pages import people
from tests.pages.conftest import Pages
from tests.pages.fake_server import FakeServer
from tests.pages.looking import LAPTOP, Looking


def test_numbers_letters_and_why(pages: Pages, server: FakeServer, look: Looking) -> None:
    server.scene.reply[("GET", "/v1/conferences/hi-27/why")] = {"steps": people.STEPS}
    page = signed_in(pages, "hi-27")
    expect(page.locator("#status-text")).to_have_text("Flowing")
    for n in (28, 35, 31, 12, 40.5):
        server.scene.count(events_per_second=n)
        expect(page.locator('[data-number="events_per_second"]')).to_have_text(str(n))
    expect(page.locator(".bars")).to_contain_text("<5")
    page.get_by_role("button", name="Show the dead letters").click()
    page.get_by_role("button", name="Show as text: letter 1").click()
    expect(page.get_by_label("Text of letter 1")).to_have_value('{"type": "?<script>alert(1)</script>')
    page.get_by_label("One attendee’s id").fill("a")
    page.get_by_label("The other’s id").fill("b")
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_text("Held back for a private reason.")).to_be_visible()
    look.at(page, "21-organizer", LAPTOP)


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


def test_a_letter_is_mended_tried_and_sent_once(pages: Pages, server: FakeServer) -> None:
    path = "/v1/dead-letters/1/resend"
    server.scene.reply[("POST", path)] = {"number": 1, "result": {"status": "rejected", "reason": "No such type."}}
    page = signed_in(pages, "hi-27")
    page.get_by_role("button", name="Show the dead letters").click()
    page.get_by_role("button", name="Show as text: letter 1").click()
    text = page.get_by_label("Text of letter 1")
    expect(text).to_be_focused()
    send = page.get_by_role("button", name="Send again")
    expect(send).to_be_disabled()
    page.get_by_role("button", name="Try").click()
    expect(page.get_by_text("Still bad: No such type.")).to_be_visible()
    text.fill('{"type": "é"}')
    server.scene.reply[("POST", path)] = {"number": 1, "result": {"status": "good"}}
    page.get_by_role("button", name="Try").click()
    expect(page.get_by_text("It would be taken.")).to_be_visible()
    text.fill('{"type": "é!"}')  # what was not tried is not sent
    expect(send).to_be_disabled()
    page.get_by_role("button", name="Try").click()
    server.scene.reply[("POST", path)] = {"number": 1, "result": {"status": "accepted"}}
    send.click()
    expect(page.get_by_text("Taken.")).to_be_visible()
    expect(send).to_be_disabled()
    asked = [body for method, where, body in server.scene.asked if where == path]
    assert [body["dry_run"] for body in asked] == [True, True, True, False]
    assert b64decode(asked[-1]["bytes"]).decode() == '{"type": "é!"}'


def test_all_letters_can_be_reached(pages: Pages, server: FakeServer) -> None:
    server.scene.letters = [people.LETTERS[0] | {"number": number} for number in range(1, 151)]
    page = signed_in(pages, "hi-27")
    page.get_by_role("button", name="Show the dead letters").click()
    rows = page.get_by_role("button", name="Show as text")
    more = page.get_by_role("button", name="Show more")
    for shown in (50, 100):
        expect(rows).to_have_count(shown)
        more.click()
    expect(rows).to_have_count(150)
    expect(more).to_be_hidden()
