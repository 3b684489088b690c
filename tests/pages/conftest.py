"""Fixtures: the browser, the fake server, and a check that no page logs an error in its console."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.pages import people
from tests.pages.fake_server import FakeServer
from tests.pages.page_checks import PHONE, PageChecks

CHROMIUM = os.environ.get("HALLWAY_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
CUT = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE", "ERR_EMPTY", "ERR_CONNECTION_RESET", "ERR_FAILED")
PATIENCE_MS = 15_000


def _missing(what: str) -> None:
    """In CI a missing browser is a failure: otherwise nobody would notice that the pages are not tested."""
    text = f"The pages are not tested: {what}. Install Debian's chromium and `pip install playwright`."
    if os.environ.get("CI") == "true":
        pytest.fail(text)
    pytest.skip(text)


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Debian's Chromium. Closed after the last test of a page: while it is open, no other event loop can run here."""
    try:
        from playwright.sync_api import expect, sync_playwright
    except ImportError:
        _missing("playwright is not installed")
    if not Path(CHROMIUM).exists():
        _missing(f"there is no {CHROMIUM}")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield one
        one.close()


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A server with one attendee and an organizer's numbers, on loopback only."""
    one = FakeServer()
    one.scene.me = people.me()
    one.scene.overview, one.scene.letters = people.OVERVIEW, people.LETTERS
    one.scene.conference = people.WHOLE
    one.start()
    yield one
    one.stop()


class Pages:
    """Opens pages of a server, and records their console errors and their requests to other addresses."""

    def __init__(self, browser: Any, url: str) -> None:
        self.browser, self.url = browser, url
        self.complaints: list[str] = []
        self.allowed: tuple[str, ...] = ()
        self._contexts: list[Any] = []

    def context(self, size: dict[str, int] = PHONE, **options: Any) -> Any:
        """A browser's own storage; a phone unless said otherwise."""
        touch = size["width"] < 700
        options = {
            "color_scheme": "light",
            "reduced_motion": "reduce",
            "locale": "en-GB",
            "timezone_id": "Asia/Tokyo",
        } | options
        context = self.browser.new_context(viewport=size, has_touch=touch, device_scale_factor=1, **options)
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        return context

    def open(self, path: str = "/", size: dict[str, int] = PHONE, context: Any = None, **options: Any) -> Any:
        """A page; its mistakes are noted."""
        page = (context or self.context(size, **options)).new_page()
        page.on("console", lambda said: said.type in ("error", "warning") and self.complaints.append(said.text))
        page.on("pageerror", lambda mistake: self.complaints.append(str(mistake)))
        page.on("request", self._asked)
        page.goto(path if path.startswith("about:") else self.url + path)
        return page

    def _asked(self, request: Any) -> None:
        if request.url != "about:blank" and not request.url.startswith(self.url + "/"):
            self.complaints.append(f"asked elsewhere: {request.url}")

    def close(self) -> None:
        """All of it."""
        for context in self._contexts:
            context.close()


@contextmanager
def watched(browser: Any, url: str) -> Iterator[Pages]:
    """Pages that may log no errors except those that the test causes on purpose (``allowed``)."""
    one = Pages(browser, url)
    try:
        yield one
    finally:
        one.close()
    unexpected = [text for text in one.complaints if not any(part in text for part in one.allowed)]
    assert unexpected == []


@pytest.fixture
def pages(browser: Any, server: FakeServer) -> Iterator[Pages]:
    """Pages of the fake server."""
    with watched(browser, server.url) as one:
        yield one


@pytest.fixture
def look() -> PageChecks:
    """Checks a state; if HALLWAY_SHOTS names a folder, it also takes screenshots for people to look at."""
    folder = os.environ.get("HALLWAY_SHOTS")
    return PageChecks(Path(folder) if folder else None)
