"""Finds elements by role and name, as people do."""

from typing import Any

from playwright.sync_api import expect


def button(page: Any, text: str) -> Any:
    """A button by its exact name."""
    return page.get_by_role("button", name=text, exact=True)


def live(page: Any) -> None:
    """Waits until the stream is open."""
    expect(page.locator("#status-text")).to_have_text("Live")


def card(page: Any, of: str) -> Any:
    """A card by its id."""
    return page.locator(f'[data-card="{of}"]')


def open_with_link(pages: Any, link: str) -> Any:
    """Opens an attendee's page with the link, as from a mail."""
    page = pages.open(link.removeprefix(pages.url))
    button(page, "Continue").click()
    live(page)
    return page
