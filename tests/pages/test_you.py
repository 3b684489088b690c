"""The page "You": consents, accounts, blocks, own data."""

from playwright.sync_api import expect

from tests.pages.conftest import Pages
from tests.pages.fake_server import FakeServer
from tests.pages.locators import button, live
from tests.pages.page_checks import PageChecks

ACCOUNT = "bluesky:ana.example"


def test_accounts_by_a_code(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    code = {"code": "hallway-abcd2345", "expires_at": "2027-03-09T16:05:00Z", "text": "Proving to Hallway: abcd2345"}
    server.scene.reply[("POST", "/v1/me/accounts")] = code
    server.scene.reply[("POST", "/v1/me/accounts/check")] = {"state": "not_found"}
    server.scene.reply[("GET", "/v1/me/blocks")] = [{"blocked": "k-1", "name": None, "picture": None}]
    page = pages.open("/#you")
    live(page)
    page.get_by_label("Add an account").fill(ACCOUNT)
    button(page, "Add").click()
    expect(page.get_by_text("Put this into a post or your profile by 9 March 2027, 11:05")).to_be_visible()
    button(page, f"Check now, {ACCOUNT}").click()
    expect(page.get_by_text("The code is not there yet.")).to_be_visible()
    look.at(page, "12-you")
    server.scene.reply[("POST", "/v1/me/accounts/check")] = {"state": "verified"}
    button(page, f"Check now, {ACCOUNT}").click()
    expect(page.locator(f'[data-account="{ACCOUNT}"]')).to_contain_text("Verified")
    button(page, f"Remove, {ACCOUNT}").click()
    expect(page.locator(f'[data-account="{ACCOUNT}"]')).to_have_count(0)
    assert server.scene.asked[-1] == ("DELETE", "/v1/me/accounts", {"account": ACCOUNT})


def test_blocks_and_data(pages: Pages, server: FakeServer) -> None:
    server.scene.reply[("GET", "/v1/me/blocks")] = [{"blocked": "k-1", "name": None, "picture": None}]
    page = pages.open("/#you")
    live(page)
    server_blocks = page.locator("#blocks")
    expect(server_blocks).to_contain_text("Somebody you know")  # never the handle
    with server.scene.lock:
        server.scene.reply[("GET", "/v1/me/blocks")] = []
    button(page, "Unblock, Somebody you know").click()
    expect(server_blocks).to_have_text("Nobody.")
    assert server.scene.asked[-1] == ("DELETE", "/v1/me/blocks", {"blocked": "k-1"})
    expect(page.get_by_role("link", name="Download my data")).to_have_attribute("href", "/v1/me/data")


def test_the_name_is_shown_only_when_its_owner_says_so(pages: Pages, server: FakeServer) -> None:
    server.scene.me["consent"]["show_name"] = False
    page = pages.open("/#you")
    live(page)
    switch = page.get_by_role("switch", name="Show my name")
    expect(switch).not_to_be_checked()
    switch.click()
    expect(switch).to_be_checked()
    assert server.scene.asked == [("PATCH", "/v1/me/consent", {"show_name": True})]


def test_a_rejected_consent_does_not_look_accepted(pages: Pages, server: FakeServer) -> None:
    pages.allowed = ("503",)
    server.scene.refuse[("PATCH", "/v1/me/consent")] = (503, {"detail": "Hallway is busy. Send it again in a moment."})
    page = pages.open("/#you")
    live(page)
    page.get_by_role("switch", name="Show my place").click()
    expect(page.get_by_text("Hallway is busy.")).to_be_visible()
    expect(page.get_by_role("switch", name="Show my place")).to_be_checked()
