"""Links by mail: asked for by who has none, and sent by an organizer to all; nothing of it where no mail is sent."""

from playwright.sync_api import expect

from tests.pages import people
from tests.pages.conftest import Pages
from tests.pages.fake_server import FakeServer
from tests.pages.locators import button
from tests.pages.page_checks import LAPTOP, PHONE, PageChecks

ASK = ("POST", "/v1/sign-in-links")
MAILING = f"/v1/conferences/{people.WHOLE['id']}/attendees/mailing"


def test_a_lost_link_is_asked_for_by_mail(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    pages.allowed = ("401",)
    server.scene.signed_in, server.scene.by_mail = False, True
    page = pages.open()
    expect(page.get_by_role("heading", name="No link, or no device left?")).to_be_visible()
    look.at(page, "12-lost-link")
    page.get_by_label("Your e-mail address").fill("ana@example.org")
    page.keyboard.press("Enter")
    said = page.get_by_text("If ana@example.org is registered here")
    expect(said).to_be_visible()
    assert said.get_attribute("role") == "status"
    assert server.scene.asked == [(*ASK, {"email": "ana@example.org"})]
    look.at(page, "12-lost-link-asked")
    expect(page.get_by_text("register you again")).to_have_count(0)


def test_what_the_server_says_against_it_stands_there(pages: Pages, server: FakeServer) -> None:
    pages.allowed = ("401", "429")
    server.scene.signed_in, server.scene.by_mail = False, True
    server.scene.refuse[ASK] = (429, {"status": 429, "detail": "Too many requests. Wait 6 s, then continue."})
    page = pages.open()
    page.get_by_label("Your e-mail address").fill("ana")
    button(page, "Mail me a link").click()
    assert server.scene.asked == []  # the browser says that it is no address
    page.get_by_label("Your e-mail address").fill("ana@example.org")
    page.keyboard.press("Tab")
    expect(button(page, "Mail me a link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Wait 6 s")).to_be_visible()
    expect(button(page, "Mail me a link")).to_be_enabled()


def test_where_no_mail_is_sent_it_is_not_offered(pages: Pages, server: FakeServer) -> None:
    pages.allowed = ("401",)
    server.scene.signed_in = False
    page = pages.open()
    expect(page.get_by_text("ask your organizer to register you again")).to_be_visible()
    expect(page.locator("#welcome-mail")).to_be_hidden()
    expect(page.get_by_label("Your e-mail address")).to_have_count(0)


def test_a_used_link_leads_to_a_new_one(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    pages.allowed = ("401",)
    server.scene.signed_in, server.scene.by_mail = False, True
    server.scene.refuse[("POST", "/v1/session")] = (401, {"status": 401, "detail": "This link has been used."})
    page = pages.open(f"/welcome#{people.LINK}")
    button(page, "Continue").click()
    link = page.get_by_role("link", name="Get a new link by mail")
    expect(link).to_be_visible()
    look.at(page, "12-used-link", whole=False)
    link.click()
    expect(page.get_by_label("Your e-mail address")).to_be_visible()


def test_an_organizer_mails_all_and_sees_how_it_goes(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    scene = server.scene
    scene.organizer_in = True
    scene.mailing = scene.mailing | {"by_mail": True, "unmailed": 1200}
    page = pages.open(f"/organizer#{people.WHOLE['id']}", LAPTOP)
    panel = page.locator(".mailing")
    expect(button(panel, "Mail 1,200 people a link")).to_be_visible()
    button(panel, "Mail 1,200 people a link").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Mail 1,200 people their links?")
    button(dialog, "Cancel").click()
    assert scene.asked == []
    begun = scene.mailing | {"unmailed": 0, "waiting": 900, "accepted": 300}
    scene.reply[("POST", MAILING)] = begun
    with scene.lock:
        scene.mailing = begun | {
            "waiting": 400,
            "accepted": 796,
            "refused": 2,
            "late": 1,
            "unclear": 1,
            "refused_attendees": ["a1b2", "c3d4"],
        }
    button(panel, "Mail 1,200 people a link").click()
    button(dialog, "Send the mails").click()
    expect(panel.get_by_text("900 mails are waiting to be sent.")).to_be_visible()
    expect(panel.get_by_text("400 mails are waiting to be sent.")).to_be_visible()  # it follows by itself
    expect(panel.get_by_role("progressbar", name="Mails that are done")).to_be_visible()
    expect(panel.get_by_text("2 addresses were refused")).to_be_visible()
    expect(panel.get_by_text("a1b2, c3d4")).to_be_visible()
    look.at(page, "13-mailing", LAPTOP, PHONE)
    with scene.lock:
        scene.mailing = scene.mailing | {"waiting": 3, "trouble": "Mail waits: the mail server cannot be used now."}
    expect(panel.get_by_text("Mail waits")).to_be_visible()
    with scene.lock:
        scene.mailing = scene.mailing | {"waiting": 0, "accepted": 1196, "trouble": None}
    expect(panel.get_by_text("Everybody who has never signed in has been mailed.")).to_be_visible()
    expect(panel.get_by_role("progressbar")).to_have_count(0)
    expect(button(panel, "Mail")).to_have_count(0)
    assert scene.asked == [("POST", MAILING, {})]


def test_where_no_mail_is_sent_an_organizer_is_offered_the_file_alone(pages: Pages, server: FakeServer) -> None:
    server.scene.organizer_in = True
    page = pages.open(f"/organizer#{people.WHOLE['id']}", LAPTOP)
    expect(button(page, "Make links for all")).to_be_visible()
    expect(page.locator(".mailing")).to_be_hidden()
