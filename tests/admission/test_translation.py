"""Pseudonymization: nothing that names anybody reaches the log, tokens resolve until an erasure, and its speed."""

import time
from pathlib import Path

import pytest

from schemas.codec import Record, encode
from schemas.events import ActivityDeleted, ActivityPosted, AttendeeRegistered, Input
from services.admission.authorization import authorize
from services.admission.pseudonymization import accounts_in, pseudonymize
from services.admission.sender import Authorized, Refused, Sender
from services.directory.sqlite import SqliteDirectory
from tests.admission.sample_events import CODEC, KINDS, event
from tests.contract.directory.steps import erase
from tests.directory.conftest import Clock
from tests.directory.raw import left


def said(directory: SqliteDirectory, *events: Input) -> list[Input]:
    found, posts = pseudonymize(events, directory)
    directory.index_posts(posts)
    good = [item for item in found if not isinstance(item, Refused)]
    assert len(good) == len(found)
    return good


class TestTranslation:
    @pytest.mark.parametrize("kind", KINDS)
    def test_no_name_is_in_what_the_log_gets(self, directory: SqliteDirectory, kind: str) -> None:
        (out,) = said(directory, event(kind))
        data = encode(out)
        assert b"canary" not in data
        assert b"x:" not in data
        again = CODEC.decode(data)
        assert isinstance(again, Record)
        assert again.event == CODEC.decode(encode(again.event)).event  # type: ignore[union-attr]
        assert encode(again.event) == data

    def test_the_same_is_the_same_in_every_field(self, directory: SqliteDirectory) -> None:
        post, deletion, registered = said(
            directory,
            event(
                "activity.posted", id="x:1", actor="x:ada", mentions=["x:bob", "x:bob"], reply_to=None, repost_of=None
            ),
            event("activity.deleted", deleted="x:1", actor="x:ada"),
            event("attendee.registered", accounts=["x:bob", "x:ada"]),
        )
        assert isinstance(post, ActivityPosted)
        assert isinstance(deletion, ActivityDeleted)
        assert isinstance(registered, AttendeeRegistered)
        assert deletion.deleted == post.id != deletion.id
        assert registered.accounts == (post.mentions[0], post.actor)
        assert post.mentions[0] == post.mentions[1]
        assert (post.reply_to, post.repost_of) == (None, None)
        assert directory.accounts.held_by("hims", "a1") == dict.fromkeys(sorted(registered.accounts), "claimed")

    def test_who_deletes_what_another_posted_deletes_nothing(self, directory: SqliteDirectory) -> None:
        post, deletion = said(
            directory,
            event("activity.posted", id="x:1", actor="x:ada"),
            event("activity.deleted", deleted="x:1", actor="x:mallory"),
        )
        assert isinstance(deletion, ActivityDeleted)
        assert deletion.deleted != post.id

    @pytest.mark.parametrize("id_", ["scan-zquix-2", "h-17", "xyz@example.org", "1"])
    def test_no_id_from_outside_stays_and_the_same_is_the_same(self, directory: SqliteDirectory, id_: str) -> None:
        first, again, sender, conference, attendee = said(
            directory,
            event("checkin.arrived", id=id_, source="connector:tito"),
            event("checkin.left", id=id_, source="connector:tito"),
            event("checkin.arrived", id=id_, source="connector:luma"),
            event("checkin.arrived", id=id_, source="connector:tito", conference="other"),
            event("checkin.arrived", id=id_, source="attendee:tito"),
        )
        assert first.id == again.id
        assert len({each.id for each in (first, sender, conference, attendee)}) == 4
        assert not [each for each in (first, sender, conference, attendee) if id_ in each.id and len(id_) > 1]

    def test_an_attendee_cannot_take_an_id_that_somebody_else_needs(self, directory: SqliteDirectory) -> None:
        scan, squatted = said(
            directory,
            event("checkin.arrived", id="scan-17", source="connector:tito"),
            event("checkin.left", id="scan-17", source="attendee:a1"),
        )
        assert scan.id != squatted.id

    def test_an_attendees_id_in_blocked_stays(self, directory: SqliteDirectory) -> None:
        (out,) = said(directory, event("attendee.blocked", blocked="a2"))
        assert out.blocked == "a2"  # type: ignore[union-attr]

    def test_who_was_erased_is_not_registered_again(self, directory: SqliteDirectory) -> None:
        said(directory, event("account.verified"))
        erase(directory, "hims", "a1")
        refused, _ = pseudonymize([event("attendee.registered"), event("account.verified")], directory)
        assert [item.status for item in refused if isinstance(item, Refused)] == [410, 410]
        assert directory.accounts.held_by("hims", "a1") == {}
        said(directory, event("checkin.arrived"), event("attendee.registered", conference="other"))

    def test_every_account_of_an_event_is_found(self) -> None:
        """By looking at every text: what looks like an account and is not found would pass as it is."""
        for kind in KINDS:
            text = encode(event(kind)).decode()
            named = {part for part in text.split('"') if part.startswith("x:")}
            assert named - {"x:canary_id", "x:canary_deleted"} == set(accounts_in(event(kind))), kind


def test_a_whole_life_leaves_nothing_in_the_files(on_file: SqliteDirectory, folder: Path) -> None:
    for kind in KINDS:
        said(on_file, event(kind))
    assert left(folder, ["canary_account", "canary_claimed"]) == ["canary_account", "canary_claimed"]
    erase(on_file, "hims", "a1")
    on_file.erasing.confirm("hims", "a1")
    assert left(folder, ["canary_account", "canary_claimed", "canary_id", "canary_deleted"]) == []


def test_how_fast(on_file: SqliteDirectory, clock: Clock) -> None:
    """Printed, not asserted: 20,000 new posts of 2,000 people in batches of 500, once new and once again."""
    sender = Sender(role="connector", id="jetstream")
    model = event("activity.posted", conference=None, repost_of=None)
    posts = [
        CODEC.decode(
            encode(model)
            .replace(b"x:canary_id", b"x:post%d" % n)
            .replace(b"canary_actor", b"p%d" % (n % 2_000))
            .replace(b"canary_mention", b"p%d" % (n % 1_999))
            .replace(b"canary_reply", b"p%d" % (n % 1_997))
        )
        for n in range(20_000)
    ]
    for name in ("new", "seen", "from the file"):
        if name == "from the file":
            on_file.accounts.forget()
            on_file.posts.forget()
        start = time.perf_counter()
        for at in range(0, len(posts), 500):
            batch = [
                authorize(sender, post.event, clock.now) for post in posts[at : at + 500] if isinstance(post, Record)
            ]
            told, named = pseudonymize([item.event for item in batch if isinstance(item, Authorized)], on_file)
            on_file.index_posts(named)
            assert len(told) == 500
        spent = time.perf_counter() - start
        print(f"\n{name}: {len(posts) / spent:,.0f} posts a second")  # noqa: T201
