"""A real ``hallway serve`` with a mail server: from the organizer's button to the phone, and in again without it."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.api.people import until
from tests.mail.smtp_server import SENDER, mail_server_in_a_thread, parsed, texts_of
from tests.pages.conftest import watched
from tests.pages.locators import button, live
from tests.pages.organizer_steps import sign_in
from tests.pages.real_server import ID, RealServer

ADA = "ada@example.org"


def link_of(content: bytes) -> str:
    plain, _ = texts_of(parsed(content))
    (link,) = [line for line in plain.splitlines() if "/welcome#" in line]
    return link


@pytest.mark.slow
def test_from_the_organizers_button_to_a_phone_and_in_again_after_it_was_lost(browser: Any, tmp_path: Path) -> None:
    with mail_server_in_a_thread() as mails:
        server = RealServer(tmp_path)
        server.options = ("--smtp", f"smtp+clear://127.0.0.1:{mails.port}", "--mail-from", SENDER)
        with server, watched(browser, server.url) as pages:
            pages.allowed = ("401",)
            server.open()
            server.register("ada", "Ada Abara", ADA)
            organizer = sign_in(pages, server.key)
            organizer.goto(f"{server.url}/organizer#{ID}")
            button(organizer, "Mail 1 person a link").click()
            button(organizer.get_by_role("dialog"), "Send the mails").click()
            expect(organizer.get_by_text("Everybody who has never signed in has been mailed.")).to_be_visible()
            first = pages.open(link_of(mails.accepted[0][1]).removeprefix(server.url))
            button(first, "Continue").click()
            live(first)
            second = pages.open()
            second.get_by_label("Your e-mail address").fill(ADA)
            button(second, "Mail me a link").click()
            expect(second.get_by_text(f"If {ADA} is registered here")).to_be_visible()
            until(lambda: len(mails.accepted) == 2)
            second.goto(link_of(mails.accepted[1][1]))
            button(second, "Continue").click()
            live(second)
            expect(first.get_by_text("New sign-in as you")).to_be_visible()
            assert mails.recipients == [ADA, ADA]
