"""A mail's bytes, read as a mail program reads them."""

import re
from html.parser import HTMLParser

import pytest

from schemas.times import millis
from services.directory.port import Mail, MailedLink
from services.mail.message import build_message
from services.mail.wording import test_words as words_of_test
from services.mail.wording import until, words_of
from tests.mail.smtp_server import SENDER, parsed, texts_of

NOW = millis("2027-03-09T14:05:59.999Z")
HOME = "https://meet.example.org"
SECRET = "hw.link.1f0c2a7b9d3e4f55.PjQ0vX2kTz8cWm1nR4sYbA6dGhJ7lU9eOiF3qVtKxZw"  # noqa: S105 - an example
NAMES = {"himss": ("HIMSS 2027", "America/Chicago"), "evil": ('<b>"A & B"</b>', "Europe/Berlin")}


def link(conference: str = "himss", name: str = "") -> MailedLink:
    return MailedLink(conference, name, SECRET, NOW)


def built(kind: str, *links: MailedLink, to: str = "ada@example.org") -> bytes:
    mail = Mail(1, kind, to, links, 1)  # type: ignore[arg-type]
    return build_message(
        words_of(mail, NAMES.__getitem__, lambda secret: f"{HOME}/welcome#{secret}", HOME), SENDER, to, NOW
    )


class Remote(HTMLParser):
    """What an HTML loads or runs, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "href" and tag == "a":
                self.links.append(value or "")
            elif name in ("src", "href", "background", "srcset", "data", "action") or "url(" in (value or ""):
                self.loads.append(f"{tag} {name}")
        if tag in ("script", "img", "link", "iframe", "form", "object", "style"):
            self.loads.append(tag)


@pytest.mark.parametrize("kind", ["first", "lost"])
def test_headers(kind: str) -> None:
    message = parsed(built(kind, link()))
    assert message["From"] == "Hallway <hallway@meet.example.org>"
    assert message["To"] == "ada@example.org"
    assert message["Subject"] == "Your sign-in link for HIMSS 2027"
    assert message["Date"] == "Tue, 09 Mar 2027 14:05:59 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[A-Za-z0-9_-]{24}@meet\.example\.org>", message["Message-ID"])
    assert message.get_content_type() == "multipart/alternative"
    assert message["Message-ID"] != parsed(built(kind, link()))["Message-ID"]
    assert set(message.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["first", "lost"])
def test_both_texts_have_the_link_whole_and_when_it_ends(kind: str) -> None:
    plain, html = texts_of(parsed(built(kind, link())))
    address = f"{HOME}/welcome#{SECRET}"
    assert address in plain.splitlines()
    reader = Remote()
    reader.feed(html)
    assert reader.links == [address]
    assert reader.loads == []
    for text in (plain, html):
        assert "Valid until Tuesday, 9 March 2027, 08:05 (America/Chicago)." in text


def test_several_links_say_whose_they_are() -> None:
    message = parsed(built("lost", link(name="Ada"), link("evil", "Bob")))
    assert message["Subject"] == "Your sign-in links"
    plain, html = texts_of(message)
    assert "HIMSS 2027, for Ada:" in plain
    assert '<b>"A & B"</b>, for Bob:' in plain
    assert "give each of them their own" in plain
    assert "give each of them" not in texts_of(parsed(built("lost", link())))[0]
    assert "<b>" not in html
    assert "&lt;b&gt;&quot;A &amp; B&quot;&lt;/b&gt;, for Bob" in html


@pytest.mark.parametrize("name", ["a\r\nBcc: eve@example.org", "Köln " * 40, "x" * 990, "大会" * 60])
def test_no_name_of_a_conference_gets_into_another_header(name: str) -> None:
    mail = Mail(1, "first", "ada@example.org", (link(),), 1)
    clean = name.replace("\r\n", " ")  # as the contract stores names: in one line
    words = words_of(mail, lambda _: (clean, "UTC"), lambda secret: f"{HOME}/welcome#{secret}", HOME)
    content = build_message(words, SENDER, "ada@example.org", NOW)
    message = parsed(content)
    assert message["Bcc"] is None
    assert message["Subject"].split() == f"Your sign-in link for {clean}".split()
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_a_test_mail_has_no_link() -> None:
    plain, html = texts_of(parsed(build_message(words_of_test(HOME), SENDER, "ops@example.org", NOW)))
    assert "welcome#" not in plain + html


def test_times_are_of_the_conference() -> None:
    assert until(millis("2026-12-31T23:30:00Z"), "Europe/Berlin") == "Friday, 1 January 2027, 00:30 (Europe/Berlin)"
