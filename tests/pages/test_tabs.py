"""Several tabs of one browser share one stream and show the same."""

from playwright.sync_api import expect

from tests.pages import people
from tests.pages.conftest import Pages
from tests.pages.fake_server import FakeServer
from tests.pages.locators import button, card, live

TABS = 4


def test_one_stream_per_browser(pages: Pages, server: FakeServer) -> None:
    people.three_cards(server.scene)
    first = pages.open()
    live(first)
    tabs = [first]
    for _ in range(TABS - 1):
        tabs.append(pages.open(context=first.context))
        live(tabs[-1])
        server.until(lambda: server.scene.open_streams == 1)
    server.scene.say("suggested", **people.suggested("m-4", "Ines Castillo", at=people.LATER))
    for tab in tabs:
        expect(card(tab, "m-4")).to_be_visible()
        live(tab)
    button(tabs[0], "Let’s meet, Mara Okafor").click()
    for tab in tabs:
        expect(card(tab, "m-1")).to_contain_text("You said yes.")
    tabs[0].get_by_role("link", name="You").click()
    tabs[0].get_by_role("switch", name="Suggest me").click()
    expect(tabs[1].get_by_text("You are paused.")).to_be_visible()
    tabs.pop().close()  # the one with the stream: another takes over
    server.until(lambda: server.scene.open_streams == 1)
    server.scene.say("suggested", **people.suggested("m-5", "Omar Haddad", at=people.LATER))
    for tab in tabs:
        expect(card(tab, "m-5")).to_have_count(1)
