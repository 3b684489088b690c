"""The stream in a browser: nothing missing, nothing twice, and plain words while there is none."""

from playwright.sync_api import expect

from tests.pages import people
from tests.pages.conftest import Pages
from tests.pages.fake_server import FakeServer

EVENTS = 50


def test_cut_in_mid_stream_fifty_come_in_order(pages: Pages, server: FakeServer) -> None:
    pages.allowed = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE", "ERR_EMPTY", "ERR_CONNECTION_RESET")
    server.scene.me |= {"present": True}
    page = pages.open()
    expect(page.locator("#status-text")).to_have_text("Live")
    cut = EVENTS // 2
    for n in range(EVENTS):
        if n == cut:
            expect(page.locator(".card")).to_have_count(cut)
            server.stop()
            expect(page.locator("#lost")).to_contain_text("No connection.")
            expect(page.locator(".card")).to_have_count(cut)  # what was there stays
        server.scene.say("suggested", **people.suggested(f"m-{n}", f"Person {n}"))
    server.start()
    expect(page.locator(".card")).to_have_count(EVENTS)
    expect(page.locator("#status-text")).to_have_text("Live")
    shown = page.eval_on_selector_all(".card", "all => all.map(one => one.dataset.position)")
    assert shown == [f"{n + 1}-0" for n in range(EVENTS)]
    assert server.scene.streams == [None, f"{cut}-0"]


def test_markup_in_a_name_is_text(pages: Pages, server: FakeServer) -> None:
    name = "<script>document.title='x'</script><img src=x onerror=alert(1)>"
    server.scene.say("suggested", **people.suggested("m-1", name))
    page = pages.open()
    expect(page.locator(".card h3")).to_have_text(name)
    assert page.locator("#cards script, #cards img").count() == 0
    assert page.title() == "Hallway"


def test_keyboard_alone(pages: Pages, server: FakeServer) -> None:
    server.scene.say("suggested", **people.suggested("m-1", "Mara Okafor"))
    page = pages.open()
    meet = page.get_by_role("button", name="Let’s meet, Mara Okafor")
    expect(meet).to_be_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        if meet.evaluate("one => one === document.activeElement"):
            break
    expect(meet).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_contain_text("You said yes.")
    assert page.locator(".card").evaluate("one => one.contains(document.activeElement)")
