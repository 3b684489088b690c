"""Presence reported by a badge or a desk: the page shows it without disturbing the person."""

from playwright.sync_api import expect

from tests.pages import people
from tests.pages.conftest import CUT, Pages
from tests.pages.fake_server import FakeServer
from tests.pages.locators import button, live
from tests.pages.page_checks import PageChecks

LISTENING = """() => {
  const announcer = document.querySelector('#announcer');
  globalThis.said = [];
  new MutationObserver(() => said.push(announcer.textContent)).observe(announcer, { childList: true });
}"""


def test_a_badge_scan_shows_in_every_tab(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    first = pages.open()
    live(first)
    second = pages.open(context=first.context)
    server.until(lambda: len(server.scene.streams) == 2 and server.scene.open_streams == 1)  # the second one leads
    live(second)
    server.scene.stand(True, "hall-b")
    for page in (first, second):
        expect(page.get_by_role("heading", name="You’re here, Hall B, north")).to_be_visible()
    expect(second.locator("#announcer")).to_have_text("You’re here, Hall B, north")
    expect(second.get_by_text("Nobody you know is here yet.")).to_be_visible()
    look.at(second, "27-checked-in", whole=False)
    second.get_by_role("button", name="I’ve moved").click()
    expect(second.get_by_label("Where")).to_have_value("hall-b")  # where one is, not where one was
    server.scene.stand(False, None)
    for page in (first, second):
        expect(page.get_by_role("heading", name="Are you here?")).to_be_visible()
    expect(second.locator("#announcer")).to_have_text("You are checked out.")


def test_known_presence_is_not_announced_again_and_of_many_only_the_last(pages: Pages, server: FakeServer) -> None:
    server.scene.me |= {"present": True, "place": "hall-a"}
    page = pages.open("about:blank")
    page.clock.install()
    page.goto(server.url)
    live(page)
    page.clock.run_for(2_000)
    expect(page.locator("#announcer")).to_have_text("")
    page.evaluate(LISTENING)
    for place, name in (("hall-b", "Hall B, north"), ("cafe", "Café by the stairs")):
        server.scene.stand(True, place)
        expect(page.get_by_role("heading", name=f"You’re here, {name}")).to_be_visible()
    page.clock.run_for(2_000)
    expect(page.locator("#announcer")).to_have_text("You’re here, Café by the stairs")
    assert page.evaluate("globalThis.said") == ["You’re here, Café by the stairs"]


def test_an_update_does_not_disturb_input(pages: Pages, server: FakeServer) -> None:
    """A choice that was begun stays open and keeps the focus; a button that goes gives the focus to its neighbour."""
    page = pages.open()
    live(page)
    where = page.get_by_label("Where")
    where.select_option("cafe")
    where.focus()
    server.scene.stand(True, "hall-a")
    expect(page.get_by_role("heading", name="You’re here, Hall A")).to_be_visible()
    expect(where).to_be_focused()
    expect(where).to_have_value("cafe")
    button(page, "I’m here now").click()
    expect(page.get_by_role("heading", name="You’re here, Café by the stairs")).to_be_visible()
    button(page, "I’m leaving").focus()
    server.scene.stand(False, None)
    expect(page.get_by_role("heading", name="Are you here?")).to_be_visible()
    expect(button(page, "I’m here")).to_be_focused()


def test_offline_changes_arrive_on_reconnect(pages: Pages, server: FakeServer) -> None:
    """The stream is resumed, so nothing else is asked for anew."""
    pages.allowed = CUT
    server.scene.say("suggested", **people.suggested("m-1", "Mara Okafor"))
    page = pages.open()
    live(page)
    server.scene.say("suggested", **people.suggested("m-2", "Jean-Luc Bouchard"))
    expect(page.locator(".card")).to_have_count(2)
    server.stop()
    expect(page.locator("#lost")).to_contain_text("Offline since")
    server.scene.stand(True, "cafe")
    server.start()
    expect(page.get_by_role("heading", name="You’re here, Café by the stairs")).to_be_visible()
    assert server.scene.streams == [None, "2"]
