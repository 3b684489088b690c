"""The pages under a path of another site, behind a proxy that strips the path: they request nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.api.proxy import below
from tests.pages import organizer_steps
from tests.pages.conftest import watched
from tests.pages.locators import button, live, open_with_link
from tests.pages.real_server import RealServer

pytestmark = pytest.mark.slow


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RealServer, str]]:
    """A server with a conference, and its public address."""
    one = RealServer(tmp_path_factory.mktemp("below"))
    with below("/people/hallway", one.port, strips=True) as public:
        one.options = ("--public-url", public)
        with one:
            one.open()
            yield one, public


def test_from_the_link_to_a_card_and_an_organizer_too(browser: Any, served: tuple[RealServer, str]) -> None:
    server, public = served
    with watched(browser, public) as pages:
        pages.allowed = ("401",)  # the organizer's page asks before it is signed in
        ana, bob = server.register("ana", "Ana Lima"), server.register("bob", "Bob Iyer")
        server.post(server.talked("ana", "bob"))
        assert ana["link"].startswith(f"{public}/welcome#")
        page = open_with_link(pages, ana["link"])
        assert page.url == f"{public}/"
        button(page, "I’m here").click()
        server.arrive(bob["attendee"])
        expect(page.locator(".card")).to_have_count(1)
        page.reload()  # by the session's cookie, and with what was kept for a line that is down
        live(page)
        expect(page.locator(".card")).to_have_count(1)
        assert page.evaluate("navigator.serviceWorker.ready.then((one) => one.scope)") == f"{public}/"
        desk = organizer_steps.sign_in(pages, server.key)
        desk.get_by_role("link", name="Health IT Week").click()
        expect(desk.locator("#status")).to_have_class("status live")
