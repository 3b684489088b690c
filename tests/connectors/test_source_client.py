"""The client that connectors read with: which addresses it takes, and what it makes of answers."""

import asyncio

import pytest

from services.connectors.source_client import MOST_WAIT_S, Answer, NoAnswerError, SourceClient, _wait_of, read_address
from tests.connectors.fake_pretix import BASE, TOKEN, Shop, huge, redirect, refuse

SIGNED = {"authorization": f"Token {TOKEN}"}


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://pretix.eu", "https://pretix.eu"),
        (" https://Pretix.EU/ ", "https://pretix.eu"),
        ("https://example.org:8443/tickets/", "https://example.org:8443/tickets"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
    ],
)
def test_addresses_have_one_form(text: str, url: str) -> None:
    assert read_address(text).url == url


@pytest.mark.parametrize(
    "text",
    [
        "", "pretix.eu", "ftp://pretix.eu", "https://", "https://a@pretix.eu", "https://pretix.eu?x=1",
        "https://pretix.eu#x", "https://pretix.eu:99999", "https://pretix.eu/../x", "https://pretix.eu/%2e%2e",
        "https://pretix.eu/a b", "https://pretix.eu\\@evil.example", "javascript:1", "https://[::1",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"address"):
        read_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://pretix.eu",
        "https://localhost",
        "https://127.0.0.1",
        "https://[::1]",
        "https://2130706433",
        "https://a.1",
    ],
)
def test_only_public_names_by_https_are_contacted(text: str) -> None:
    assert SourceClient().refusal(read_address(text)) is not None
    address = read_address(text)
    assert SourceClient([address.name]).refusal(address) is None


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "999999999999"}, MOST_WAIT_S),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:00:00 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.0),
    ],
)
def test_how_long_a_source_asks_to_wait(headers: dict[str, str], wait_s: float | None) -> None:
    assert _wait_of(headers) == wait_s


def ask(url: str, client: SourceClient) -> Answer:
    return asyncio.run(client.get(read_address(url), f"{BASE}/", {}, SIGNED))


def allowed(url: str, **given: int) -> SourceClient:
    return SourceClient([read_address(url).name], **given)  # type: ignore[arg-type]


def test_an_answer_is_whole_and_a_redirect_is_not_followed(shop: Shop, address: str) -> None:
    assert (ask(address, allowed(address)).status, ask(address, allowed(address)).body[:1]) == (200, b"{")
    shop.faults = [redirect]
    asked = len(shop.asked)
    assert ask(address, allowed(address)).status == 302
    assert len(shop.asked) == asked + 1
    shop.faults = [refuse(429, Retry_After="3")]
    assert ask(address, allowed(address)).retry_s == 3.0


@pytest.mark.parametrize("fault", [huge, refuse(200, Content_Encoding="gzip")], ids=["huge", "packed"])
def test_what_is_too_large_or_packed_is_not_read(shop: Shop, address: str, fault: object) -> None:
    shop.faults = [fault]  # type: ignore[list-item]
    with pytest.raises(NoAnswerError):
        ask(address, allowed(address))


def test_a_host_that_is_not_listed_is_not_contacted(shop: Shop, address: str) -> None:
    with pytest.raises(NoAnswerError, match="https"):
        ask(address, SourceClient())
    assert shop.asked == []
