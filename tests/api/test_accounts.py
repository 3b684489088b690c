"""Proving accounts as an attendee does: a code, put where only the owner writes, and a look there."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.api.shared.problems import MEDIA_TYPE
from tests.api.people import Attendee, Server, attendee, good, opened, post
from tests.identity.fake import DID, OTHER, FakeServers, Network, account, profile, skeet, toot

BSKY, MASTODON = "bsky:ada.example.org", "mastodon:ada@social.example"


@pytest.fixture(scope="module")
def fakes() -> Iterator[FakeServers]:
    with FakeServers() as found:
        yield found


@pytest.fixture(scope="module")
def reading(fakes: FakeServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that reads the fake networks."""
    with Server(tmp_path_factory.mktemp("reading"), networks=fakes.port, bounds={"read_s": 60.0}) as found:
        yield found


@pytest.fixture
def network(fakes: FakeServers) -> Network:
    fakes.network.__init__()  # type: ignore[misc]  # empty again
    return fakes.network


def accounts(who: Attendee) -> dict[str, bool]:
    return {each["account"]: each["verified"] for each in good(who.http.get("/v1/me"))["accounts"]}


def check(who: Attendee, named: str) -> Any:
    return who.say("/v1/me/accounts/check", account=named)["state"]


def test_a_bluesky_account_is_proved_under_the_name_that_stays_too(reading: Server, network: Network) -> None:
    ada = attendee(reading, opened(reading), "ada", verify=False)
    code = ada.say("/v1/me/accounts", account=BSKY)["text"]
    network.bluesky(profile(), skeet(code, OTHER, repost_by=DID))
    assert check(ada, BSKY) == "not_found"
    network.bluesky(profile(), skeet("hello"), skeet(f"Hello! {code}"))
    assert check(ada, BSKY) == "verified"
    assert accounts(ada) == {"x:ada": False, BSKY: True, f"bsky:{DID}": True}
    connector = reading.client("connector")
    one = post(f"bsky:{DID}", BSKY) | {"id": "bsky:1"}
    assert good(connector.post("/v1/events", json=one))["results"][0]["status"] == "accepted"


def test_a_mastodon_account_is_proved_by_its_profile(reading: Server, network: Network) -> None:
    bob = attendee(reading, opened(reading), "bob", verify=False)
    code = bob.say("/v1/me/accounts", account=MASTODON)["text"]
    network.mastodon(account(note="<p>Hello</p>"), toot("<p>hello</p>"))
    assert check(bob, MASTODON) == "not_found"
    network.mastodon(account(note=f"<p>{code}</p>"))
    assert check(bob, MASTODON) == "verified"
    assert accounts(bob) == {"x:bob": False, MASTODON: True}
    good(bob.http.request("DELETE", "/v1/me/accounts", json={"account": MASTODON}))
    assert accounts(bob) == {"x:bob": False}


def test_a_network_that_is_away_is_asked_again_later(reading: Server, network: Network) -> None:
    cyd = attendee(reading, opened(reading), "cyd", verify=False)
    code = cyd.say("/v1/me/accounts", account=MASTODON)["text"]
    for status in (500, 429):
        network.mastodon(status)
        answer = cyd.http.post("/v1/me/accounts/check", json={"account": MASTODON})
        assert (answer.status_code, answer.headers["content-type"]) == (503, MEDIA_TYPE)
        assert int(answer.headers["retry-after"]) > 0
    network.mastodon(account(), toot(f"<p>{code}</p>"))
    assert check(cyd, MASTODON) == "verified"


@pytest.mark.parametrize("path", ["/v1/me/accounts", "/v1/me/accounts/check"])
def test_nobody_posts_a_code_in_vain(reading: Server, network: Network, path: str) -> None:
    dee = attendee(reading, opened(reading), f"dee-{path.rpartition('/')[2]}", verify=False)
    for named, said in (("x:dee", "X charges for reading posts"), ("mastodon:dee@127.0.0.1", "with its server")):
        answer = dee.http.post(path, json={"account": named})
        assert (answer.status_code, answer.headers["content-type"]) == (409, MEDIA_TYPE)
        assert said in answer.json()["detail"]
    assert network.asked == []


def test_logs_name_no_account_and_no_server(reading: Server, network: Network) -> None:
    """Last: the server's lines of all of the above."""
    network.mastodon(500)
    eve = attendee(reading, opened(reading), "eve", verify=False)
    eve.say("/v1/me/accounts", account=MASTODON)
    assert eve.http.post("/v1/me/accounts/check", json={"account": MASTODON}).status_code == 503
    logged = reading.errors.read_text()
    assert '"reason": "status 500"' in logged
    assert not [word for word in ("social.example", "ada", DID, "hallway-") if word in logged.replace("hallway.", "")]
