"""The mail server's settings: what is taken, and what is refused with a sentence."""

from pathlib import Path

import pytest

from services.mail.settings import is_address, read_settings
from services.usage_errors import UnusableError
from tests.mail.smtp_server import SENDER


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp://mail.example.org", ("starttls", "mail.example.org", 587)),
        ("smtp://mail.example.org:2525/", ("starttls", "mail.example.org", 2525)),
        ("smtps://mail.example.org", ("implicit", "mail.example.org", 465)),
        ("smtp+clear://127.0.0.1", ("none", "127.0.0.1", 25)),
        ("smtp+clear://[::1]:1025", ("none", "::1", 1025)),
        ("smtp+clear://localhost:1025", ("none", "localhost", 1025)),
    ],
)
def test_addresses_of_servers(url: str, found: tuple[str, str, int]) -> None:
    settings = read_settings(url, SENDER, {})
    assert (settings.tls, settings.host, settings.port) == found


@pytest.mark.parametrize(
    ("url", "sender", "word"),
    [
        ("mail.example.org", SENDER, "--smtp"),
        ("http://mail.example.org", SENDER, "--smtp"),
        ("smtp://", SENDER, "--smtp"),
        ("smtp://user:pass@mail.example.org", SENDER, "HALLWAY_SMTP_USER"),
        ("smtp://user@mail.example.org", SENDER, "HALLWAY_SMTP_USER"),
        ("smtp://mail.example.org:99999", SENDER, "--smtp"),
        ("smtp://mail.example.org:0", SENDER, "--smtp"),
        ("smtp://mail.example.org?tls=none", SENDER, "--smtp"),
        ("smtp+clear://mail.example.org", SENDER, "clear text"),
        ("smtp+clear://10.0.0.1", SENDER, "clear text"),
        ("smtp+clear://localhost.example.org", SENDER, "clear text"),
        *(
            ("smtp://mail.example.org", sender, "--mail-from")
            for sender in (
                "",
                "hallway",
                "hallway@localhost",
                "hallway@meet",
                "hallway@meet.local",
                "hallway@meet.test",
                "hallway@meet.invalid",
                "hallway@127.0.0.1",
                "hallway@[127.0.0.1]",
                "a b@example.org",
                "Hallway <hallway@example.org>",
                "hallway@exämple.org",
                "hallway@example..org",
                "hallway@example.org\r\nBcc: eve@example.org",
            )
        ),
    ],
)
def test_what_cannot_be_used_is_reported(url: str, sender: str, word: str) -> None:
    with pytest.raises(UnusableError, match=word):
        read_settings(url, sender, {})


def test_the_password_is_read_from_a_file_and_shown_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("s3cret\n")
    named = {"HALLWAY_SMTP_USER": "me", "HALLWAY_SMTP_PASSWORD_FILE": str(file)}
    settings = read_settings("smtp://mail.example.org", SENDER, named)
    assert (settings.user, settings.password, settings.domain) == ("me", "s3cret", "meet.example.org")
    assert "s3cret" not in f"{settings!r} {settings}"
    assert "s3cret" not in repr({"nested": settings})
    empty = {"HALLWAY_SMTP_USER": "", "HALLWAY_SMTP_PASSWORD_FILE": str(tmp_path / "none")}
    assert read_settings("smtp://mail.example.org", SENDER, empty).password == ""


@pytest.mark.parametrize("content", [None, "", "two\nlines", "x" * 5_000])
def test_a_password_that_cannot_be_read_is_reported(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_text(content)
    named = {"HALLWAY_SMTP_USER": "me", "HALLWAY_SMTP_PASSWORD_FILE": str(file)}
    with pytest.raises(UnusableError, match="HALLWAY_SMTP_PASSWORD_FILE"):
        read_settings("smtp://mail.example.org", SENDER, named)


def test_half_a_login_and_a_missing_authority_are_reported(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="HALLWAY_SMTP_PASSWORD_FILE is not"):
        read_settings("smtp://mail.example.org", SENDER, {"HALLWAY_SMTP_USER": "me"})
    with pytest.raises(UnusableError, match="HALLWAY_SMTP_CA_FILE"):
        read_settings("smtp://mail.example.org", SENDER, {"HALLWAY_SMTP_CA_FILE": str(tmp_path / "none")})


@pytest.mark.parametrize("address", ["ada@example.org", "a.b+c@mail.example.co.uk", "o'neil@xn--exmple-cua.org"])
def test_plain_addresses(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize(
    "address",
    ["ada@example.org>", "<ada@example.org", "a,b@example.org", '"a b"@example.org', "a@b@example.org", ".a@b.org"],
)
def test_addresses_that_could_mean_another_recipient(address: str) -> None:
    assert not is_address(address)
