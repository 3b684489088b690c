"""What counts as an account's own words, and what does not."""

import asyncio

import pytest

from schemas.names import normalize_account as account_form
from services.directory.port import PublicProfile
from services.identity.account_reader import NetworkReader
from tests.identity.fake import DID, OTHER, Network, account, profile, skeet, toot

ADA = "mastodon:ada@social.example"


def read(reader: NetworkReader, named: str) -> PublicProfile:
    return asyncio.run(reader.read(named))


@pytest.mark.parametrize("named", ["bsky:ada.example.org", "bluesky:ada.example.org", f"bsky:{DID}"])
def test_bluesky_shows_profile_posts_and_the_name_that_stays(
    network: Network, reader: NetworkReader, named: str
) -> None:
    network.bluesky(profile(description="I am Ada"), skeet("one"), skeet("two"))
    assert read(reader, account_form(named)) == PublicProfile(("I am Ada", "one", "two"), (f"bsky:{DID}",))
    assert network.asked == [
        ("public.api.bsky.app", "/xrpc/app.bsky.actor.getProfile", {"actor": named.partition(":")[2]}),
        (
            "public.api.bsky.app",
            "/xrpc/app.bsky.feed.getAuthorFeed",
            {"actor": DID, "limit": "30", "filter": "posts_with_replies"},
        ),
    ]


def test_what_bluesky_reposts_is_not_the_accounts_own(network: Network, reader: NetworkReader) -> None:
    network.bluesky(profile(description=None), skeet("theirs", OTHER, repost_by=DID), skeet("own", repost_by=DID))
    assert read(reader, "bsky:ada.example.org").texts == ("", "own")


def test_a_handle_that_leads_to_another_account_proves_nothing(network: Network, reader: NetworkReader) -> None:
    network.bluesky(profile(handle="eve.example.org", description="code"), skeet("code"))
    assert read(reader, "bsky:ada.example.org") == PublicProfile()


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_an_account_that_is_not_there_shows_nothing(network: Network, reader: NetworkReader, status: int) -> None:
    network.bluesky(status)
    network.mastodon(status)
    assert read(reader, "bsky:ada.example.org") == read(reader, ADA) == PublicProfile()


def test_mastodon_shows_profile_fields_and_posts_from_its_own_server(network: Network, reader: NetworkReader) -> None:
    network.mastodon(account(note="<p>I am Ada</p>", fields=["<a>ada</a>"]), toot("<p>one</p>"), toot("<p>two</p>"))
    assert read(reader, ADA).texts == ("<p>I am Ada</p>", "<a>ada</a>", "<p>one</p>", "<p>two</p>")
    assert network.asked == [
        ("social.example", "/api/v1/accounts/lookup", {"acct": "ada"}),
        ("social.example", "/api/v1/accounts/17/statuses", {"limit": "30", "exclude_reblogs": "true"}),
    ]


def test_what_mastodon_boosts_or_shows_of_others_is_not_the_accounts_own(
    network: Network, reader: NetworkReader
) -> None:
    network.mastodon(account(), toot("boosted", reblog=toot("boosted", "99")), toot("theirs", "99"), toot("own"))
    assert read(reader, ADA).texts == ("", "own")


@pytest.mark.parametrize("acct", ["ada@social.example", "Ada@Social.Example"])
def test_a_server_may_name_itself_in_its_own_accounts(network: Network, reader: NetworkReader, acct: str) -> None:
    network.mastodon(account(acct=acct, note="code"), toot("own"))
    assert read(reader, ADA).texts == ("code", "own")


@pytest.mark.parametrize(
    "shown",
    [
        account(acct="ada@elsewhere.example"),
        account(acct="ada@social.example.evil.org"),
        account(acct="eve"),
        account("../../admin"),
    ],
)
def test_a_server_speaks_for_its_own_accounts_only(
    network: Network, reader: NetworkReader, shown: dict[str, object]
) -> None:
    network.mastodon(shown, toot("code"))
    assert read(reader, ADA) == PublicProfile()
    assert len(network.asked) == 1


def test_a_server_that_keeps_posts_from_strangers_still_shows_the_profile(
    network: Network, reader: NetworkReader
) -> None:
    network.mastodon(account(note="code"))
    network.answers["/api/v1/accounts/17/statuses"] = 422
    assert read(reader, ADA).texts == ("code",)
    network.bluesky(profile(description="code"))
    network.answers["/xrpc/app.bsky.feed.getAuthorFeed"] = 400
    assert read(reader, "bsky:ada.example.org").texts == ("code",)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("x:ada", "X charges for reading posts"),
        ("twitter:ada", "X charges for reading posts"),
        ("linkedin:ada", "cannot read this network"),
        ("mastodon:ada", "mastodon:ada@example.social"),
        ("mastodon:ada@localhost", "mastodon:ada@example.social"),
        ("mastodon:ada@127.0.0.1", "mastodon:ada@example.social"),
        ("mastodon:ada@10.1", "mastodon:ada@example.social"),
        ("mastodon:ada@[::1]", "mastodon:ada@example.social"),
        ("mastodon:ada@social.example:8080", "mastodon:ada@example.social"),
        ("mastodon:ada@social.example/..", "mastodon:ada@example.social"),
        ("mastodon:ada@eve@social.example", "mastodon:ada@example.social"),
        ("mastodon:../ada@social.example", "mastodon:ada@example.social"),
        ("mastodon:ada@sociäl.example", "mastodon:ada@example.social"),
        ("bsky:ada", "bsky:ada.bsky.social"),
        ("bsky:did:plc:a/b", "bsky:ada.bsky.social"),
    ],
)
def test_what_can_never_be_read_is_reported_with_what_to_do(named: str, said: str) -> None:
    refusal = NetworkReader().refusal(named if "/" in named else account_form(named))  # with a / it is no account
    assert refusal is not None
    assert said in refusal


@pytest.mark.parametrize(
    "named", ["mastodon:@Ada@Social.Example", "bsky:ada.bsky.social", f"bsky:{DID}", f"bsky:{DID.upper()}"]
)
def test_what_can_be_read(named: str) -> None:
    assert NetworkReader().refusal(account_form(named)) is None
