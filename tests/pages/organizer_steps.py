"""What an organizer does on the page: one function per step, each waits for its result and uses the page only."""

import csv
import json
import re
from typing import Any

from playwright.sync_api import expect

from tests.pages.locators import button
from tests.pages.page_checks import LAPTOP

PEOPLE = """name,email,accounts,matching,chats,share_place,show_name
Ada Abara,ada@example.org,x:ada,yes,yes,yes,yes
Bram Berg,bram@example.org,x:bram,yes,yes,maybe,yes
Chidi Castillo,chidi.example.org,x:chidi,yes,yes,no,no
Dana Dogan,dana@example.org,x:dana,yes,yes,yes,yes
"""


def sign_in(pages: Any, key: str) -> Any:
    """Signs in; ends at the list of conferences."""
    page = pages.open("/organizer", LAPTOP)
    page.get_by_label("Key").fill(key)
    button(page, "Sign in").click()
    expect(page.get_by_role("link", name="Health IT Week")).to_be_visible()
    return page


def open_conference(page: Any, conference: str, name: str) -> None:
    """Opens a new conference with the form."""
    page.get_by_label("A short id for it").fill(conference)
    button(page, "Continue").click()
    fields = {"Name": name, "Hashtags": f"#{conference}", "Time zone": "America/New_York"}
    for label, text in fields.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Starts (local time)").fill("2026-01-05T09:00")
    page.get_by_label("Ends (local time)").fill("2099-01-09T18:00")
    page.get_by_label("Place id").fill("hall-a")
    page.get_by_label("Place name").fill("Hall A")
    page.get_by_label("Chat hashtag").fill("hitsm")
    button(page, "Open or change").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def import_file(page: Any) -> None:
    """Imports a file of four people, two lines of which have a mistake."""
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": PEOPLE.encode()}
    page.get_by_label("Many at once").set_input_files(file)
    button(page, "Check the file").click()
    expect(page.get_by_text("Nothing is registered yet. 2 people would be: 2 new, 0 changed.")).to_be_visible()
    button(page, "Register 2 people").click()
    expect(page.get_by_text("2 people registered: 2 new, 0 changed.")).to_be_visible()
    for line, column in ((3, "share_place"), (4, "email")):
        expect(page.get_by_role("row", name=f"{line} {column} ")).to_be_visible()


def make_links(page: Any, url: str) -> list[str]:
    """Makes links for the two who were imported."""
    button(page, "Make links for all").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save the file").click()
    rows = list(csv.DictReader(saved.value.path().read_text(encoding="utf-8-sig").splitlines()))
    assert [set(row) for row in rows] == [{"name", "email", "attendee", "link"}] * 2
    assert all(row["link"].startswith(f"{url}/welcome#") for row in rows)
    return [row["link"] for row in rows]


def register(page: Any, name: str, account: str) -> str:
    """Registers one more person by hand; returns the attendee's id."""
    page.get_by_label("Name", exact=True).first.fill(name)
    page.get_by_label("Accounts").fill(account)
    page.get_by_label("to be suggested").check()
    button(page, "Register").click()
    attendee: str = page.get_by_text("Registered as").inner_text().split()[2].rstrip(".")
    few = re.compile(r"^(fewer than 5|5\+|10\+)$")  # with noise, which may show more than there are
    expect(page.locator('[data-number="registered"]')).to_have_text(few)
    return attendee


def make_new_link(page: Any, attendee: str) -> str:
    """Makes a new link for somebody registered."""
    page.get_by_label("Attendee’s id", exact=True).fill(attendee)
    button(page, "Get a new link").click()
    expect(page.get_by_text("A new link, shown once:")).to_be_visible()
    link: str = page.locator(".share code").last.inner_text()
    return link


def explain(page: Any, attendee: str) -> None:
    """Asks why, or why not."""
    page.get_by_label("One attendee’s id").fill(attendee)
    page.get_by_label("The other’s id").fill(attendee)
    button(page, "Explain").click()
    expect(page.locator("ol li").first).to_be_visible()


def make_key(page: Any, name: str) -> str:
    """Makes a scanner's key; returns it as it is shown once."""
    panel = page.get_by_role("region", name="Scanners and desks")
    panel.get_by_label("Name of the scanner or desk").fill(name)
    button(panel, "Make a key").click()
    key: str = panel.locator("code").inner_text()
    return key


def revoke_key(page: Any, name: str) -> None:
    """Revokes a key at once."""
    button(page, f"Revoke, {name}").click()
    button(page.get_by_role("dialog"), "Revoke it").click()
    expect(page.get_by_text(f"The key of {name} is revoked.")).to_be_visible()


def resend_dead_letter(page: Any, event: dict[str, str]) -> None:
    """Corrects the first dead letter to this event, tries it, then sends it."""
    button(page, "Show the dead letters").click()
    button(page, "Show: dead letter 1").click()
    mended = json.dumps(event | {"at": "2026-11-03T12:00:00Z", "place": "hall-a"})
    page.get_by_label("Text of dead letter 1").fill(mended)
    button(page, "Try").click()
    expect(page.get_by_text("It would be accepted.")).to_be_visible()
    button(page, "Send again").click()
    expect(page.get_by_text("Accepted.", exact=True)).to_be_visible()


def close_conference(page: Any) -> None:
    """Closes the conference permanently."""
    button(page, "Close for good …").click()
    button(page.get_by_role("dialog"), "Close for good").click()
    expect(page.get_by_text("This conference is closed.")).to_be_visible()


def erase_conference(page: Any) -> None:
    """Erases the conference; ends at the list of the others."""
    button(page, "Erase everything …").click()
    button(page.get_by_role("dialog"), "Erase everything").click()
    expect(page.get_by_role("link", name="Health IT Week")).to_be_visible()


def sign_out(page: Any) -> None:
    """Signs out; a reload does not sign in again."""
    button(page, "Sign out").click()
    expect(page.get_by_text("You are signed out here.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Key")).to_be_visible()
