"""The organizer's page on a laptop."""

from base64 import b64decode
from typing import Any

from playwright.sync_api import expect

from tests.pages import people
from tests.pages.conftest import CUT, Pages
from tests.pages.fake_server import FakeServer
from tests.pages.keyboard import go_to, press
from tests.pages.locators import button
from tests.pages.page_checks import LAPTOP, PHONE, SMALL, PageChecks


def signed_in(pages: Pages, conference: str = "hi-27") -> Any:
    """On the page of a conference, by a key."""
    pages.allowed = (*pages.allowed, "401")  # the page asks whether one is signed in already
    page = pages.open(f"/organizer#{conference}", LAPTOP)
    page.get_by_label("Key").fill("secret")
    button(page, "Sign in").click()
    return page


def wait_until_live(page: Any) -> None:
    """The numbers are live."""
    expect(page.locator("#status-text")).to_have_text("Live")


def test_signing_in_and_out(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    pages.allowed = ("401",)
    page = pages.open("/organizer", LAPTOP)
    look.at(page, "20-sign-in", LAPTOP)
    server.scene.refuse[("POST", "/v1/organizer-session")] = (401, {"detail": "This is not good any more."})
    page.get_by_label("Key").fill("wrong")
    button(page, "Sign in").click()
    expect(page.get_by_text("This is not good any more.")).to_be_visible()
    with server.scene.lock:
        server.scene.refuse.clear()
    page.get_by_label("Key").fill("secret")
    button(page, "Sign in").click()
    expect(page.get_by_role("link", name="Health IT 2027")).to_contain_text("9 Mar 2027 to 16 Mar 2027")
    look.at(page, "20-conferences", LAPTOP)
    page.get_by_role("link", name="Health IT 2027").click()
    wait_until_live(page)
    expect(page.locator("#about")).to_have_text("hi-27 · times of America/New_York")
    page.reload()  # the cookie is enough
    wait_until_live(page)
    assert page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, location.href])").count("secret") == 0
    page.get_by_role("link", name="All conferences").click()
    expect(page.get_by_role("heading", name="Your conferences")).to_be_focused()
    button(page, "Sign out").click()
    expect(page.get_by_text("You are signed out here.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Key")).to_be_visible()
    assert [path for _, path, _ in server.scene.asked] == ["/v1/organizer-session"] * 3


def test_numbers_dead_letters_and_why(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    server.scene.reply[("GET", "/v1/conferences/hi-27/why")] = {"steps": people.STEPS}
    page = signed_in(pages)
    wait_until_live(page)
    for n in (28, 35, 31, 12, 40.5):
        server.scene.count(events_per_second=n)
        expect(page.locator('[data-number="events_per_second"]')).to_have_text(str(n))
    expect(page.locator(".bars")).to_contain_text("fewer than 5")
    expect(page.locator('[data-number="present"]')).to_have_text("1,000+")
    expect(page.locator('[data-number="ended"]')).to_have_text("fewer than 5")
    expect(page.locator("main")).not_to_contain_text("<5")
    button(page, "Show the dead letters").click()
    expect(page.get_by_role("cell", name="9 March 2027, 10:05").first).to_be_visible()  # the conference's time
    expect(page.get_by_text("the audit log records it")).to_be_visible()
    assert not [where for _, where, _ in server.scene.asked if where.endswith("/show")]
    button(page, "Show: dead letter 1").click()
    expect(page.get_by_label("Text of dead letter 1")).to_have_value('{"type": "?<script>alert(1)</script>')
    page.get_by_label("One attendee’s id").fill("a")
    page.get_by_label("The other’s id").fill("b")
    button(page, "Explain").click()
    expect(page.get_by_text("b is not registered.")).to_be_visible()
    expect(page.get_by_text("Nobody gets more than 3 suggestions")).to_be_visible()
    assert [where for _, where, _ in server.scene.asked if where.endswith("/show")] == ["/v1/dead-letters/1/show"]
    look.at(page, "21-organizer", LAPTOP, PHONE, SMALL)


def test_registering(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    pages.allowed = ("422",)
    where = "/v1/conferences/hi-27/attendees"
    server.scene.reply[("POST", where)] = {"attendee": "a-9", "link": f"{server.url}/welcome#abc", "changes": []}
    server.scene.reply[("POST", f"{where}/a-9/link")] = {"link": f"{server.url}/welcome#def"}
    server.scene.reply[("POST", f"{where}/csv")] = people.IMPORTED | {"dry_run": True}
    page = signed_in(pages)
    wait_until_live(page)
    server.scene.refuse[("POST", where)] = (422, {"detail": "accounts: one has no network.", "field": "accounts"})
    page.get_by_label("Name", exact=True).first.fill("Ana Lima")
    page.get_by_label("Accounts").fill("ana, bluesky:ana.example")
    page.get_by_label("to be suggested").check()
    page.get_by_label("to show their name").check()
    button(page, "Register").click()
    expect(page.get_by_text("accounts: one has no network.")).to_be_visible()
    with server.scene.lock:
        server.scene.refuse.clear()
    page.get_by_label("Accounts").fill("mastodon:ana@example.social, bluesky:ana.example")
    button(page, "Register").click()
    expect(page.get_by_text("Registered as a-9.")).to_be_visible()
    expect(page.get_by_text(f"{server.url}/welcome#abc")).to_be_visible()
    assert server.scene.asked[-1][2] == {
        "name": "Ana Lima",
        "accounts": ["mastodon:ana@example.social", "bluesky:ana.example"],
        "consent": {"matching": True, "chats": False, "share_place": False},
        "show_name": True,
    }
    csv = "name,email,accounts\nBen,ben@example.org,\n"
    page.get_by_label("Many at once").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": csv.encode()})
    button(page, "Check the file").click()
    expect(page.get_by_text("Nothing is registered yet. 1,204 people would be: 1,190 new, 2 changed.")).to_be_visible()
    expect(page.get_by_text("Columns that were not recognized and are left out: Order #, Company")).to_be_visible()
    expect(page.get_by_role("row", name="3 changed")).to_contain_text("The name '山田 花' becomes '山田 花子'.")
    assert server.scene.asked[-1][2] == csv
    look.at(page, "23-preview", LAPTOP)
    with server.scene.lock:
        server.scene.reply[("POST", f"{where}/csv")] = people.IMPORTED
    waits = page.get_by_text("1 line waits for the person's own confirmation, on the page of their sign-in link: 4.")
    expect(waits).to_be_visible()
    button(page, "Register 1,205 people").click()
    expect(page.get_by_text("1,204 people registered: 1,190 new, 2 changed.")).to_be_visible()
    expect(waits).to_be_visible()
    expect(page.get_by_text("2 lines have a mistake and were left out:")).to_be_visible()
    expect(page.get_by_role("row", name="17 email")).to_contain_text("has no @")
    assert server.scene.asked[-1][2] == csv
    page.get_by_label("Attendee’s id", exact=True).fill("a-9")
    button(page, "Get a new link").click()
    expect(page.get_by_text(f"{server.url}/welcome#def")).to_be_visible()
    look.at(page, "24-registering", LAPTOP)


def test_closing_permanently(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    page = signed_in(pages)
    wait_until_live(page)
    button(page, "Close for good …").click()
    look.at(page, "25-close", LAPTOP, whole=False)
    page.keyboard.press("Escape")
    button(page, "Close for good …").click()
    with server.scene.lock:
        server.scene.conference = {**people.WHOLE, "state": "closed"}
    button(page.get_by_role("dialog"), "Close for good").click()
    expect(page.get_by_text("This conference is closed.")).to_be_visible()
    expect(button(page, "Register")).to_have_count(0)
    expect(button(page, "Open or change")).to_have_count(0)
    expect(button(page, "Explain")).to_be_visible()
    assert [path for _, path, _ in server.scene.asked[1:]] == ["/v1/conferences/hi-27/close"]
    look.at(page, "25-closed", LAPTOP)
    button(page, "Erase everything …").click()
    page.keyboard.press("Escape")
    button(page, "Erase everything …").click()
    with server.scene.lock:
        server.scene.conference = {}
    button(page.get_by_role("dialog"), "Erase everything").click()
    expect(page.get_by_text("None yet. Open one here.")).to_be_visible()
    assert server.scene.asked[-1] == ("DELETE", "/v1/conferences/hi-27", {"erase": "hi-27"})


def test_the_numbers_stop_and_resume(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    pages.allowed = (*CUT, "401")
    page = signed_in(pages)
    wait_until_live(page)
    server.stop()
    expect(page.locator("#status-text")).to_contain_text("Offline. These are the numbers of")
    look.at(page, "26-organizer-lost", LAPTOP, whole=False)
    server.start()
    server.scene.count(events=50_000)
    expect(page.locator('[data-number="events"]')).to_have_text("50,000+")
    wait_until_live(page)
    with server.scene.lock:
        server.scene.organizer_in = False
    server.stop()
    server.start()
    expect(page.get_by_text("Your session has ended. Sign in again.")).to_be_visible()


def test_by_the_keyboard(pages: Pages, server: FakeServer) -> None:
    server.scene.reply[("GET", "/v1/conferences/hi-27/why")] = {"steps": people.STEPS}
    pages.allowed = ("401",)
    page = pages.open("/organizer", LAPTOP)
    expect(page.get_by_label("Key")).to_be_visible()
    go_to(page, "Key")
    page.keyboard.type("secret")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Health IT 2027")).to_be_visible()
    press(page, "Health IT 20279 Mar 2027 to 16 Mar 2027")
    wait_until_live(page)
    go_to(page, "One attendee’s id")
    page.keyboard.type("a")
    go_to(page, "The other’s id")
    page.keyboard.type("b")
    press(page, "Explain")
    expect(page.get_by_text("b is not registered.")).to_be_visible()
    press(page, "Show the dead letters")
    expect(button(page, "Show: dead letter 1")).to_be_visible()
    press(page, "Show: dead letter 1")
    expect(page.get_by_label("Text of dead letter 1")).to_be_focused()
    press(page, "Close for good …")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(button(page, "Close for good …")).to_be_focused()


def test_resending_the_form_loses_nothing(pages: Pages, server: FakeServer) -> None:
    page = signed_in(pages)
    expect(page.get_by_label("Starts (local time)")).to_have_value("2027-03-09T09:00")
    expect(page.get_by_label("Ends (local time)")).to_have_value("2027-03-16T18:30")  # the clocks have changed
    page.get_by_role("button", name="Open or change").click()
    expect(page.get_by_text("Saved. It applies from now on.")).to_be_visible()
    (sent,) = [body for method, _, body in server.scene.asked if method == "PUT"]
    opening = people.WHOLE["opening"]
    assert sent == {**opening, "hashtags": ["#hi27", "#hitsm"]}


def test_a_new_conference_begins_with_an_empty_form(pages: Pages, server: FakeServer) -> None:
    page = signed_in(pages, "another")
    expect(page.get_by_label("Name", exact=True)).to_have_value("")
    expect(page.get_by_role("button", name="Explain")).to_have_count(0)


def test_a_dead_letter_is_corrected_tried_and_resent_once(pages: Pages, server: FakeServer) -> None:
    path = "/v1/dead-letters/1/resend"
    server.scene.reply[("POST", path)] = {"number": 1, "result": {"status": "rejected", "reason": "No such type."}}
    page = signed_in(pages)
    page.get_by_role("button", name="Show the dead letters").click()
    page.get_by_role("button", name="Show: dead letter 1").click()
    text = page.get_by_label("Text of dead letter 1")
    expect(text).to_be_focused()
    send = page.get_by_role("button", name="Send again")
    expect(send).to_be_disabled()
    page.get_by_role("button", name="Try").click()
    expect(page.get_by_text("Still bad: No such type.")).to_be_visible()
    text.fill('{"type": "é"}')
    server.scene.reply[("POST", path)] = {"number": 1, "result": {"status": "good"}}
    page.get_by_role("button", name="Try").click()
    expect(page.get_by_text("It would be accepted.")).to_be_visible()
    text.fill('{"type": "é!"}')  # what was not tried is not sent
    expect(send).to_be_disabled()
    page.get_by_role("button", name="Try").click()
    server.scene.reply[("POST", path)] = {"number": 1, "result": {"status": "accepted"}}
    send.click()
    expect(page.get_by_text("Accepted.", exact=True)).to_be_visible()
    expect(send).to_be_disabled()
    asked = [body for method, where, body in server.scene.asked if where == path]
    assert [body["dry_run"] for body in asked] == [True, True, True, False]
    assert b64decode(asked[-1]["bytes"]).decode() == '{"type": "é!"}'


def test_all_dead_letters_can_be_reached(pages: Pages, server: FakeServer) -> None:
    server.scene.letters = [people.LETTERS[0] | {"number": number} for number in range(1, 151)]
    page = signed_in(pages)
    page.get_by_role("button", name="Show the dead letters").click()
    rows = page.get_by_role("button", name="Show: dead letter")
    more = page.get_by_role("button", name="Show more")
    for shown in (50, 100):
        expect(rows).to_have_count(shown)
        more.click()
    expect(rows).to_have_count(150)
    expect(more).to_be_hidden()
