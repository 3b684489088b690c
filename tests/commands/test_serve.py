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


def test_a_number_of_conferences_is_one(hallway: Hallway) -> None:
    done = hallway("serve", "--conferences", "0")
    assert (done.code, "from 1 to 10,000" in done.err) == (2, True)
