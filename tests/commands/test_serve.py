"""``hallway serve`` with what it must not be started with; the serving itself is tested at the gateway."""

import pytest

from tests.commands.conftest import Hallway


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
