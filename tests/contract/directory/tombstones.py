"""Tombstones: who is recognized by them, and for how long."""

from schemas.times import DAY_MS
from services.directory.port import TOMBSTONE_DAYS, Directory, Held, Holding, Person
from tests.contract.directory.steps import erase, tokens_for
from tests.directory.conftest import Clock

MAIL, OTHERS = "canary@example.org", ["b1", "b2", "b3"]


def lived(directory: Directory, accounts: dict[str, Holding], mail: str = MAIL) -> str:
    person = directory.people.add(Person(conference="hims", attendee="", name="Canary", email=mail))
    assert person is not None
    tokens = tokens_for(directory, accounts)
    directory.hold([Held("hims", person.attendee, tokens[account], how) for account, how in accounts.items()])
    return person.attendee


def erased(
    directory: Directory, accounts: dict[str, Holding], by: list[str], *, claims: bool = False, mail: str = MAIL
) -> None:
    who = lived(directory, accounts, mail)
    directory.tombstones.prepare_all("hims", {who: by}, claims)
    erase(directory, "hims", who)
    directory.erasing.confirm("hims", who)


class Tombstones:
    """Who is known again after an erasure."""

    def test_the_address_and_the_accounts_are_known_again_in_this_conference(self, directory: Directory) -> None:
        erased(directory, {"x:proved": "verified", "x:claimed": "claimed", "x:given-up": "released"}, [])
        texts = [MAIL, "x:proved", "x:claimed", "x:given-up", "x:other", ""]
        assert directory.tombstones.find("hims", texts) == {MAIL, "x:proved", "x:claimed"}
        assert directory.tombstones.find("vive", texts) == set()

    def test_bars_come_back_with_what_was_proved_and_with_a_claim_only_where_claims_count(
        self,
        directory: Directory,
    ) -> None:
        erased(directory, {"x:proved": "verified", "x:claimed": "claimed"}, ["b1", "b3"])
        bars = directory.tombstones.find_blockers
        assert [bars("hims", [text], OTHERS) for text in (MAIL, "x:proved", "x:claimed")] == [["b1", "b3"]] * 2 + [[]]
        assert bars("vive", [MAIL], OTHERS) == []
        erased(directory, {"x:other": "claimed"}, ["b2"], claims=True, mail="")
        assert bars("hims", ["x:other"], OTHERS) == ["b2"]

    def test_who_comes_back_and_goes_again_keeps_all_bars(self, directory: Directory) -> None:
        erased(directory, {}, ["b1"])
        erased(directory, {"x:ada": "verified"}, ["b2"])
        assert directory.tombstones.find_blockers("hims", [MAIL], OTHERS) == ["b1", "b2"]
        assert directory.tombstones.find_blockers("hims", ["x:ada"], OTHERS) == ["b1", "b2"]

    def test_they_stay_while_the_conference_goes_on_and_400_days_after(
        self, directory: Directory, clock: Clock
    ) -> None:
        erased(directory, {}, ["b1"])
        for _ in range(3):
            clock.now += TOMBSTONE_DAYS * DAY_MS
            directory.purge_expired(["hims"])
        clock.now += TOMBSTONE_DAYS * DAY_MS
        directory.purge_expired(["another"])
        assert directory.tombstones.find_blockers("hims", [MAIL], OTHERS) == ["b1"]
        clock.now += DAY_MS
        directory.purge_expired([])
        assert directory.tombstones.find("hims", [MAIL]) == set()

    def test_an_erased_conference_keeps_no_bar_and_nobody_waiting(self, directory: Directory) -> None:
        erased(directory, {}, ["b1"])
        ((again, is_new, waits),) = directory.enroll(
            [(Person(conference="hims", attendee="", name="A", email=MAIL), ["x:ada"])]
        )
        assert (is_new, waits, directory.is_waiting("hims", again.attendee)) == (True, True, True)
        directory.erase_conference("hims")
        assert not directory.is_waiting("hims", again.attendee)
        assert directory.tombstones.find_blockers("hims", [MAIL], OTHERS) == []
        assert directory.tombstones.find("hims", [MAIL]) == {MAIL}

    def test_who_comes_back_waits_for_their_own_word(self, directory: Directory) -> None:
        erased(directory, {"x:ada": "verified"}, [])
        assert directory.has_tombstone("hims", ["x:ada"])
        assert not directory.has_tombstone("vive", ["x:ada"])
        person = Person(conference="hims", attendee="", name="A", email="new@example.org", show_name=True)
        ((again, _, waits),) = directory.enroll([(person, ["x:ada", "x:new"])])
        assert (waits, again.show_name) == (True, False)  # nobody shows a name for them
        assert directory.tombstones.waiting_accounts("hims", again.attendee) == ("x:ada", "x:new")
        assert directory.awaits_confirmation("hims", again.attendee, [])
        directory.tombstones.end_waiting("hims", [again.attendee])
        assert directory.tombstones.waiting_accounts("hims", again.attendee) is None
        assert directory.awaits_confirmation("hims", again.attendee, ["x:ada"])  # another's, until they prove it
        assert not directory.awaits_confirmation("hims", again.attendee, ["x:new"])
        tokens = tokens_for(directory, ["x:ada"])
        directory.hold([Held("hims", again.attendee, tokens["x:ada"], "verified")])
        assert not directory.awaits_confirmation("hims", again.attendee, ["x:ada"])
