"""Offline: the page shows what it had and since when, and reconnects by itself."""

import re
from typing import Any

from playwright.sync_api import expect

from tests.pages import people
from tests.pages.conftest import CUT, Pages
from tests.pages.fake_server import STATIC, FakeServer
from tests.pages.locators import card, live
from tests.pages.page_checks import PageChecks

IMPORT = re.compile(r'^import .* from "\./(.+\.js)";$', re.MULTILINE)


def ready(page: Any) -> None:
    """The shell is kept."""
    live(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def test_reload_while_offline(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    pages.allowed = CUT
    server.scene.me |= {"present": True, "place": "hall-a"}
    people.three_cards(server.scene)
    page = pages.open()
    ready(page)
    server.stop()
    page.reload()
    expect(page.locator("#lost")).to_have_text(re.compile(r"^Offline since .*\d\d:\d\d\. Reconnecting …$"))
    expect(card(page, "m-1")).to_contain_text("You answered each other 7 times")
    expect(page.get_by_role("heading", name="You’re here, Hall A")).to_be_visible()
    look.at(page, "18-offline", whole=False)
    server.scene.say("suggested", **people.suggested("m-4", "Ines Castillo", at=people.LATER))
    with server.scene.lock:
        server.scene.me |= {"place": "cafe"}
    server.start()
    expect(card(page, "m-4")).to_be_visible()
    expect(page.get_by_role("heading", name="You’re here, Café by the stairs")).to_be_visible()
    expect(page.locator("#lost")).to_be_hidden()


def test_start_while_offline(pages: Pages, server: FakeServer) -> None:
    """A new tab, as an app that is opened in a hall without a net: the first one is long closed."""
    pages.allowed = CUT
    people.three_cards(server.scene)
    first = pages.open()
    ready(first)
    context = first.context
    server.stop()
    first.close()
    page = pages.open(context=context)
    expect(page.locator(".card")).to_have_count(3)
    expect(page.locator("#status-text")).to_have_text("Offline")
    server.start()
    live(page)


def test_first_start_while_the_server_is_in_trouble(pages: Pages, server: FakeServer, look: PageChecks) -> None:
    pages.allowed = ("503",)
    with server.scene.lock:
        server.scene.refuse[("GET", "/v1/me")] = (503, {"detail": "Hallway is busy. Ask again in a moment."})
    page = pages.open()
    expect(page.locator("#lost")).to_have_text("Hallway is busy. Ask again in a moment. Retrying …")
    look.at(page, "19-server-trouble", whole=False)
    with server.scene.lock:
        server.scene.refuse.clear()
    page.evaluate("dispatchEvent(new Event('online'))")  # or after the next pause, which may be half a minute
    live(page)
    expect(page.locator("#lost")).to_be_hidden()


def test_stored_cards_expire_after_a_day(pages: Pages, server: FakeServer) -> None:
    pages.allowed = CUT
    people.three_cards(server.scene)
    page = pages.open()
    ready(page)
    server.stop()
    page.clock.install(time="2031-01-01T00:00:00Z")
    page.reload()
    expect(page.locator("#lost")).to_contain_text("Retrying …")
    assert page.locator(".card").count() == 0
    assert page.evaluate("localStorage.length") == 0


def test_the_shell_is_what_the_page_needs() -> None:
    """Not in a browser: the worker's list is the page's files, none missing and none too many."""
    needed, coming = {"attendee.html", "base.css", "attendee.css", "icon.svg", "manifest.webmanifest"}, ["attendee.js"]
    while coming:
        name = coming.pop()
        if name not in needed:
            needed.add(name)
            coming += IMPORT.findall((STATIC / name).read_text())
    worker = (STATIC / "worker.js").read_text()
    files = worker[worker.index("const FILES") : worker.index("];")]
    listed = {name if "." in name else f"{name}.js" for name in re.findall(r'"([\w.]+)"', files)}
    assert listed == needed - {"attendee.html"}
    assert "  BASE," in files
