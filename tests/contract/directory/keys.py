"""Keys: expiring, revocable, and nobody's when they are changed."""

import pytest

from schemas.times import DAY_MS, MINUTE_MS
from services.directory.port import MOST_KEY_SESSIONS, Directory, Person
from tests.directory.conftest import Clock


class Keys:
    """Keys: once shown, expiring, revocable."""

    def test_a_key_says_who_and_where(self, directory: Directory, clock: Clock) -> None:
        grant = directory.keys.authenticate(directory.keys.issue_key("organizer", "o1", ["hims", "vive"]))
        assert grant is not None
        assert (grant.role, grant.subject, grant.conferences, grant.checkins) == (
            "organizer",
            "o1",
            ("hims", "vive"),
            False,
        )
        scanner = directory.keys.authenticate(directory.keys.issue_key("connector", "tito", ["hims"], checkins=True))
        assert scanner is not None
        assert scanner.checkins

    def test_everything_expires_at_its_moment(self, directory: Directory, clock: Clock) -> None:
        key = directory.keys.issue_key("organizer", "o1", ["hims"], days=2)
        clock.now += 2 * DAY_MS - 1
        assert directory.keys.authenticate(key)
        clock.now += 1
        assert directory.keys.authenticate(key) is None
        directory.purge_expired()
        assert directory.keys.grants_of("organizer", "o1") == []

    def test_which_are_still_good_of_many(self, directory: Directory, clock: Clock) -> None:
        short, long, ended = (directory.keys.issue_key("organizer", "o1", days=days) for days in (1, 2, 2))
        short, long, ended = (key.split(".")[2] for key in (short, long, ended))
        directory.keys.revoke(ended)
        asked = {short, long, ended, "nobody"}
        assert directory.keys.active(asked) == {short, long}
        clock.now += DAY_MS
        assert directory.keys.active(asked) == {long}
        assert directory.keys.active(()) == set()

    def test_revoked_is_over(self, directory: Directory) -> None:
        first, other = (directory.keys.issue_key("organizer", "o1", [name]) for name in ("hims", "vive"))
        grant = directory.keys.authenticate(first)
        assert grant is not None
        assert directory.keys.revoke(grant.id)
        assert not directory.keys.revoke(grant.id)
        assert directory.keys.authenticate(first) is None
        still_good = directory.keys.authenticate(other)
        assert still_good is not None
        assert directory.keys.revoke(still_good.id)
        assert directory.keys.authenticate(other) is None
        assert [revoked for _, _, revoked in directory.keys.grants_of("organizer", "o1")] == [True, True]

    def test_last_used_is_kept_to_the_minute(self, directory: Directory, clock: Clock) -> None:
        key, start = directory.keys.issue_key("organizer", "o1"), clock.now
        used = []
        for _ in range(3):
            directory.keys.authenticate(key)
            used.append(directory.keys.grants_of("organizer", "o1")[0][1])
            clock.now += MINUTE_MS // 2
        assert used == [start, start, start + MINUTE_MS]

    @pytest.mark.parametrize(
        "text", ["", "hw", "hw.key.x", "hw.key.x.y", "....", "x" * 10_000, "hw.key.\ud800.y", "hw.é.a.b"]
    )
    def test_what_is_no_key_is_nobody(self, directory: Directory, text: str) -> None:
        assert directory.keys.authenticate(text) is None
        assert directory.sessions.sign_in(text, "") is None

    def test_one_changed_sign_is_nobody(self, directory: Directory) -> None:
        key = directory.keys.issue_key("organizer", "o1")
        for at in range(len(key)):
            changed = key[:at] + ("A" if key[at] != "A" else "B") + key[at + 1 :]
            assert directory.keys.authenticate(changed) is None

    def test_a_link_called_a_session_is_nobody(self, directory: Directory) -> None:
        directory.people.add(Person(conference="hims", attendee="a1", name="Ada"))
        link = directory.sessions.first_link("hims", "a1")
        assert isinstance(link, str)
        assert directory.keys.authenticate(link.replace(".link.", ".session.")) is None
        assert directory.keys.authenticate(link.replace(".link.", ".key.")) is None

    def test_there_are_no_keys_for_attendees(self, directory: Directory) -> None:
        with pytest.raises(ValueError, match="links"):
            directory.keys.issue_key("attendee", "a1", ["hims"])

    def test_sessions_of_a_key_end_with_it_and_are_bounded(self, directory: Directory, clock: Clock) -> None:
        key = directory.keys.authenticate(directory.keys.issue_key("organizer", "o1", ["hims"], days=2))
        assert key is not None
        made = []
        for _ in range(MOST_KEY_SESSIONS + 1):
            clock.now += 1
            made.append(directory.keys.session_of(key, days=30))
        assert directory.keys.authenticate(made[0]) is None
        session = directory.keys.authenticate(made[-1])
        assert session is not None
        assert (session.role, session.subject, session.conferences) == ("organizer", "o1", ("hims",))
        assert session.expires == key.expires
        assert len(directory.keys.sessions_of(key.id)) == MOST_KEY_SESSIONS
        own = directory.keys.authenticate(directory.keys.session_of(session, days=1))
        assert own is not None
        assert own.id in directory.keys.sessions_of(key.id)  # a session's own belong to its key too
        assert directory.keys.revoke(key.id)
        assert directory.keys.active([session.id, own.id]) == set()

    def test_who_may_bring_check_ins_is_listed_and_counted(self, directory: Directory, clock: Clock) -> None:
        directory.keys.issue_key("connector", "posts", ["hims"])
        directory.keys.issue_key("connector", "tito", ["vive", "hims"], checkins=True)
        clock.now += 1
        scanner = directory.keys.issue_key("connector", "door", ["hims"], checkins=True, only_checkins=True)
        names = [row.grant.subject for row in directory.keys.checkin_keys("hims")]
        assert (names, len(directory.keys.checkin_keys("hims", most=1))) == (["door", "tito"], 1)
        assert (directory.keys.count_scanners(["hims", "vive"]), directory.keys.count_scanners(["vive"])) == (1, 0)
        assert directory.keys.revoke(scanner.split(".")[2])
        assert [row.grant.subject for row in directory.keys.checkin_keys("hims")] == ["tito"]
        assert directory.keys.count_scanners(["hims"]) == 0

    def test_who_has_a_good_organizers_key_is_one(self, directory: Directory, clock: Clock) -> None:
        directory.keys.issue_key("organizer", "o1", ["hims"], days=1)
        directory.keys.issue_key("connector", "c1", ["hims"])
        asked = [("o1", None), ("o1", "hims"), ("o1", "vive"), ("c1", None)]
        assert [directory.keys.is_organizer(*each) for each in asked] == [True, True, False, False]
        clock.now += DAY_MS
        assert not directory.keys.is_organizer("o1")

    def test_all_keys_are_listed_by_page(self, directory: Directory) -> None:
        for number in range(5):
            directory.keys.issue_key("connector", f"c{number}")
        first = directory.keys.page(most=2)
        rows = [*first, *directory.keys.page(first[-1].grant.id)]
        assert sorted(row.grant.subject for row in rows) == [f"c{number}" for number in range(5)]
        assert [row.grant.id for row in rows] == sorted(row.grant.id for row in rows)
