"""Erasing: nothing is known any more, and others keep what is theirs."""

import pytest

from services.directory.port import Directory, Erased, Held, NoLink, Person, PostRef
from tests.contract.directory.steps import erase, kept_posts, moved_in, tokens_for
from tests.directory.conftest import Clock


class Erasing:
    """Erasing people and conferences."""

    def test_nothing_is_known_any_more(self, directory: Directory, clock: Clock) -> None:
        who, _ = moved_in(directory, "canary", clock.now)
        (session,) = directory.sessions.active("hims", who)
        old = tokens_for(directory, ["x:canary-account"])["x:canary-account"]
        post = kept_posts(directory, [PostRef("x:1", "x:canary-account", clock.now)])
        assert erase(directory, "hims", who) == Erased("hims", who, (old,))
        assert directory.people.get("hims", who) is None
        assert directory.keys.active([session.id]) == set()
        assert directory.sessions.sign_ins("hims", who) == []
        assert directory.sessions.first_link("hims", who) is NoLink.UNKNOWN
        assert directory.accounts.accounts_of([old]) == {}
        assert directory.originals(post) == {}
        assert tokens_for(directory, ["x:canary-account"])["x:canary-account"] != old
        assert directory.is_erased("hims", who)

    def test_an_erased_id_is_not_taken_in_again(self, directory: Directory) -> None:
        erase(directory, "hims", "a1")
        assert directory.people.add(Person(conference="hims", attendee="a1", name="Ada")) is None
        directory.hold([Held("hims", "a1", "p:1", "claimed")])
        assert directory.accounts.held_by("hims", "a1") == {}
        assert directory.people.add(Person(conference="other", attendee="a1", name="Ada")) is not None

    def test_again_is_no_harm_and_says_the_same_until_confirmed(self, directory: Directory, clock: Clock) -> None:
        who, _ = moved_in(directory, "canary", clock.now)
        first = erase(directory, "hims", who)
        assert erase(directory, "hims", who) == first
        assert directory.erasing.pending() == [first]
        directory.erasing.confirm("hims", who)
        assert directory.erasing.pending() == []
        assert erase(directory, "hims", who).accounts == ()

    @pytest.mark.parametrize(
        ("mine", "theirs", "kept"),
        [
            ("verified", "verified", True),  # in another conference: theirs goes on
            ("claimed", "verified", True),  # a false claim, then an erasure, breaks no owner's matches
            ("claimed", "claimed", True),
            ("verified", "claimed", False),  # a mere claim never keeps an owner from being erased
            ("verified", "released", False),
            ("released", "verified", True),
            ("claimed", "released", False),
        ],
    )
    def test_what_somebody_else_verified_stays(self, directory: Directory, mine: str, theirs: str, kept: bool) -> None:
        token = tokens_for(directory, ["x:ada"])["x:ada"]
        directory.hold([Held("hims", "a1", token, mine), Held("other", "a2", token, theirs)])  # type: ignore[arg-type]
        erased = erase(directory, "hims", "a1")
        assert (erased.accounts, erased.kept) == (((), (token,)) if kept else ((token,), ()))
        assert bool(directory.accounts.accounts_of([token])) == kept

    def test_a_whole_conference(self, directory: Directory, clock: Clock) -> None:
        everybody = sorted(moved_in(directory, f"canary{n}", clock.now)[0] for n in range(5))
        assert directory.attendees("hims") == everybody
        posts = directory.keys.issue_key("connector", "posts", ["hims", "vive"])
        badges = directory.keys.issue_key("connector", "badges", ["hims"], checkins=True)
        shared = tokens_for(directory, ["x:canary0"])["x:canary0"]
        directory.hold([Held("vive", "b1", shared, "claimed")])
        directory.erase_conference("hims")
        directory.erase_conference("hims")  # again, before it was confirmed
        assert (directory.people.page("hims"), directory.attendees("hims")) == ([], [])
        assert directory.accounts.held_by("vive", "b1") == {shared: "claimed"}
        grant = directory.keys.authenticate(posts)
        assert grant is not None
        assert grant.conferences == ("vive",)
        assert directory.keys.authenticate(badges) is None
        assert [(erased.conference, erased.attendee) for erased in directory.erasing.pending()] == [("hims", "")]
        directory.erasing.confirm("hims", "")
        assert directory.erasing.pending() == []
