"""How the tests of the pages find what they speak of: by role and name, as people do."""

from typing import Any

from playwright.sync_api import expect


def button(page: Any, text: str) -> Any:
    """A button by all of its name."""
    return page.get_by_role("button", name=text, exact=True)


def live(page: Any) -> None:
    """The stream is up."""
    expect(page.locator("#status-text")).to_have_text("Live")


def card(page: Any, of: str) -> Any:
    """A card by its id."""
    return page.locator(f'[data-card="{of}"]')


def entered(pages: Any, link: str) -> Any:
    """An attendee's page by the link, as from a mail."""
    page = pages.open(link.removeprefix(pages.url))
    button(page, "Continue").click()
    live(page)
    return page
