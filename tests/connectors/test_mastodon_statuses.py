"""What a status becomes, and what a server cannot make anybody believe."""

import json
from typing import Any

import pytest

from services.connectors.mastodon.client import MastodonClient
from services.connectors.mastodon.statuses import UnreadableStatusError, View, post_of, read_status
from services.connectors.source_client import SourceClient, read_address
from tests.connectors.fake_mastodon import Mastodon, Post, time_of

BELIEVED, OWN_ALONE = View("big.example", "big.example", True), View("evil.example", "evil.example", False)
MINUTE = 60_000
NOW = 1_790_000_000_000


def status_of(post: Post, **fields: Any) -> bytes:
    server = Mastodon()
    server.posts["1"] = post
    return json.dumps(server.status("1") | fields).encode()


def seen(post: Post, view: View = BELIEVED, **fields: Any) -> Any:
    return post_of(read_status(status_of(post, **fields)), view, NOW - 10 * MINUTE, NOW, lambda _: None)


def test_an_organizers_own_server_cannot_invent_posts_of_others() -> None:
    """Not by an author, an address, a host that looks alike, or an author whose address is elsewhere."""
    for acct, uri in (
        ("ada@home.example", "https://home.example/users/ada/statuses/1"),
        ("ada@home.example", "https://evil.example/users/ada/statuses/1"),
        ("eve@evil.example", "https://home.example/users/ada/statuses/1"),  # or it takes the genuine post's place
        ("eve@evil.example", "https://evil.example@home.example/1"),
        ("eve@evil.example", "https://evil.example.home.example/1"),
        ("eve@evil.example", "https://[evil.example/1"),
    ):
        assert seen(Post(1, acct=acct, uri=uri), OWN_ALONE) is None
    own = seen(Post(1, acct="eve@evil.example"), OWN_ALONE)
    assert (own.actor, own.id) == ("mastodon:eve@evil.example", "mastodon:https://evil.example/users/eve/statuses/1")


@pytest.mark.parametrize(
    ("address", "hosts", "is_believed"),
    [
        ("https://mastodon.social", (), True),
        ("https://mastodon.social.evil.example", (), False),
        ("https://mastodon.social:8443", (), False),
        ("https://small.example", (), False),
        ("https://small.example", ("small.example:443",), True),
    ],
)
def test_who_is_believed_is_not_the_organizers_choice(address: str, hosts: tuple[str, ...], is_believed: bool) -> None:
    client = MastodonClient(SourceClient(hosts), read_address(address), "token")
    assert client.is_believed is is_believed


def test_a_name_alone_is_one_of_the_servers_own_people() -> None:
    post = seen(Post(1), account={"acct": "Ada"}, mentions=[{"acct": "bob"}, {"acct": "cy@Other.Example"}])
    assert post.actor == "mastodon:ada@big.example"
    assert post.mentions == ("mastodon:bob@big.example", "mastodon:cy@other.example")


@pytest.mark.parametrize(
    "acct", ["", "@", "a@", "a b", "x:ada", "https://x.com/ada", "a@b@c", "a" * 300, "аda@ex.example\n"]
)
def test_what_is_no_account_is_nobody(acct: str) -> None:
    assert seen(Post(1), account={"acct": acct}) is None


def test_boosts_and_what_is_not_public_are_no_posts() -> None:
    assert seen(Post(1, is_boost=True)) is None
    for visibility in ("unlisted", "private", "direct", "local", ""):
        assert seen(Post(1, visibility=visibility)) is None


def test_who_is_answered_comes_from_the_mentions_or_from_what_was_read() -> None:
    mentions = [{"acct": "bob", "id": "7"}, {"acct": "cy", "id": "8"}]
    data = status_of(Post(1), in_reply_to_id="5", in_reply_to_account_id="8", mentions=mentions)
    found = post_of(read_status(data), BELIEVED, 0, NOW, lambda _: "mastodon:else@where.example")
    assert found is not None
    assert found.reply_to == "mastodon:cy@big.example"
    data = status_of(Post(1), in_reply_to_id="5", in_reply_to_account_id="9", mentions=mentions)
    known = post_of(read_status(data), BELIEVED, 0, NOW, {"5": "mastodon:dan@big.example"}.get)
    assert known is not None
    assert known.reply_to == "mastodon:dan@big.example"


@pytest.mark.parametrize(
    ("written", "at"),
    [
        (time_of(NOW - 5 * MINUTE), NOW - 5 * MINUTE),
        ("2020-01-01T00:00:00Z", NOW - 10 * MINUTE),
        ("2090-01-01T00:00:00Z", NOW),
        ("yesterday", NOW),
        ("", NOW),
    ],
)
def test_times_are_clamped(written: str, at: int) -> None:
    assert seen(Post(1), created_at=written).at == at


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"id": 5}',
        b'{"id": "1", "uri": "u"',
        b"\xff",
        b"[" * 5_000,
        status_of(Post(1), id="1" * 201),
    ],
)
def test_what_is_no_status_says_nothing_of_itself(data: bytes) -> None:
    with pytest.raises(UnreadableStatusError) as caught:
        read_status(data)
    assert str(caught.value) in ("It has another form than expected.", "It is no JSON.")
