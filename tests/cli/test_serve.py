"""``hallway serve`` with what it must not be started with; the serving itself is tested at the gateway."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Hallway


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "meet.example.org"])  # noqa: S104  # refused
def test_others_are_let_in_only_when_it_is_said_where(hallway: Hallway, host: str) -> None:
    done = hallway("serve", "--host", host)
    assert done.code == 2
    assert "--public-url" in done.err


def test_a_proxy_is_an_address_or_a_network(hallway: Hallway) -> None:
    done = hallway("serve", "--trusted-proxy", "127.0.0.1", "--trusted-proxy", "*")
    assert (done.code, "172.18.0.0/16" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://:hunter2#s/w@d@127.0.0.1:6379", "%23"),
        ("redis://127.0.0.1:notaport", "port"),
        ("redis://127.0.0.1?foo=bar", "foo"),
        ("http://127.0.0.1", "redis://"),
    ],
)
@pytest.mark.parametrize("command", [("serve",), ("work", "delivery", "--kafka", "127.0.0.1:1")], ids=["serve", "work"])
def test_a_redis_that_can_never_be_reached_is_refused_at_the_start(
    hallway: Hallway, command: tuple[str, ...], url: str, words: str
) -> None:
    done = hallway(*command, "--redis", url)
    assert (done.code, words in done.err, "hunter2" in done.err) == (2, True, False)
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--smtp", "smtp://me:hunter2@mail.example.org"), "HALLWAY_SMTP_USER"),
        (("--smtp", "smtp+clear://mail.example.org", "--mail-from", "hallway@example.org"), "clear text"),
        (("--smtp", "smtp://mail.example.org"), "--mail-from"),
        (("--smtp", "smtp://mail.example.org", "--mail-from", "hallway@localhost"), "--mail-from"),
    ],
)
def test_a_mail_server_that_cannot_be_used_is_refused_at_the_start(
    hallway: Hallway, given: tuple[str, ...], words: str
) -> None:
    done = hallway("serve", *given)
    assert (done.code, words in done.err, "hunter2" in done.err) == (2, True, False)
    assert done.err.count("\n") == 1


def test_the_mail_server_may_be_named_by_the_environment(hallway: Hallway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALLWAY_SMTP", "smtp://mail.example.org")
    monkeypatch.setenv("HALLWAY_MAIL_FROM", "nobody")
    done = hallway("serve")
    assert (done.code, "--mail-from" in done.err) == (2, True)
    monkeypatch.setenv("HALLWAY_SMTP", "")  # as a compose file sets what is not chosen
    done = hallway("serve", "--conferences", "0")
    assert (done.code, "--conferences" in done.err) == (2, True)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/hallway?x",
        "https://example.org/a//b",
        "https://example.org/a/../b",
        "https://example.org/a%20b",
        "https://user@example.org",
        "ftp://example.org",
        "example.org/hallway",
        "https://",
        "https://example.org:99999",
        "https://example.org:0",
    ],
)
def test_a_public_address_is_a_host_and_a_plain_path(hallway: Hallway, url: str) -> None:
    done = hallway("serve", "--public-url", url)
    assert (done.code, "https://example.org/hallway" in done.err) == (2, True)


@pytest.mark.parametrize("path", ["/v1", "/m/x"])
def test_a_public_path_that_hallway_has_itself_is_refused(tmp_path: Path, path: str) -> None:
    command = [sys.executable, "-m", "services.cli.main", "serve", "--data", str(tmp_path / "data"), "--port", "0"]
    command += ["--public-url", f"https://example.org{path}"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert f"begins with /{path.split('/')[1]}, which Hallway itself uses" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_number_of_conferences_is_one(hallway: Hallway) -> None:
    done = hallway("serve", "--conferences", "0")
    assert (done.code, "from 1 to 10,000" in done.err) == (2, True)
