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


DID = {"account": "bsky:did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", "verified": True, "state": "verified"}
FOUND = {
    "account": DID["account"],
    "hashtags": {"posts": 412, "replies": 380, "people": 38},
    "conversations": {"posts": 1_204, "replies": 1_100, "people": 96},
    "by_hashtag": [{"hashtag": "hitsm", "posts": 412}],
    "oldest": "2026-02-03T10:00:00Z",
    "newest": "2027-03-08T10:00:00Z",
    "is_cut": False,
}


def test_earlier_posts_are_counted_before_they_are_taken(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    server.scene.me["accounts"].append(DID)
    server.scene.reply[("POST", "/v1/me/past/bluesky")] = FOUND
    server.scene.reply[("POST", "/v1/me/past/take")] = {"accepted": 400, "known": 12, "rejected": 0}
    server.scene.reply[("DELETE", "/v1/me/past")] = {"removed": 400}
    page = pages.open("/#you")
    live(page)
    button(page, "Count my Bluesky posts").click()
    expect(page.get_by_text("412 posts with #hitsm: 380 replies, to 38 people.")).to_be_visible()
    look.at(page, "12-you-past")
    assert server.scene.asked[-1] == ("POST", "/v1/me/past/bluesky", {})
    button(page, "Take these 412 posts").click()
    expect(page.get_by_text("412 posts count now.")).to_be_visible()
    assert server.scene.asked[-1] == ("POST", "/v1/me/past/take", {"scope": "hashtags"})
    button(page, "Remove what I brought").click()
    button(page, "Remove them").click()
    expect(page.get_by_text("400 posts were removed.")).to_be_visible()
    assert server.scene.asked[-1][:2] == ("DELETE", "/v1/me/past")


def test_without_a_proved_account_there_is_nothing_to_bring(pages: Pages) -> None:
    page = pages.open("/#you")
    live(page)
    expect(page.get_by_text("Prove a Bluesky account above")).to_be_visible()
    expect(page.get_by_role("button", name="Count my Bluesky posts")).to_have_count(0)


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
