"""Keys, links, sessions: hashed, once, expiring, revocable, compared in constant time."""

import hmac
import re
from pathlib import Path

import pytest

from schemas.times import DAY_MS, MINUTE_MS
from services.directory.sqlite import SqliteDirectory
from tests.directory.conftest import Clock
from tests.directory.raw import left


class TestKeys:
    def test_a_key_says_who_and_where(self, directory: SqliteDirectory, clock: Clock) -> None:
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

    def test_everything_expires_at_its_moment(self, directory: SqliteDirectory, clock: Clock) -> None:
        key = directory.keys.issue_key("organizer", "o1", ["hims"], days=2)
        clock.now += 2 * DAY_MS - 1
        assert directory.keys.authenticate(key)
        clock.now += 1
        assert directory.keys.authenticate(key) is None
        assert directory.keys.expire() == 1

    def test_which_are_still_good_of_many(self, directory: SqliteDirectory, clock: Clock) -> None:
        short, long, ended = (directory.keys.issue_key("organizer", "o1", days=days) for days in (1, 2, 2))
        short, long, ended = (key.split(".")[2] for key in (short, long, ended))
        directory.keys.revoke(ended)
        asked = {short, long, ended, "nobody"}
        assert directory.keys.good(asked) == {short, long}
        clock.now += DAY_MS
        assert directory.keys.good(asked) == {long}
        assert directory.keys.good(()) == set()

    def test_revoked_is_over(self, directory: SqliteDirectory) -> None:
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
        assert [revoked for _, _, revoked in directory.keys.listed("organizer", "o1")] == [True, True]

    def test_last_used_is_kept_to_the_minute(self, directory: SqliteDirectory, clock: Clock) -> None:
        key, start = directory.keys.issue_key("organizer", "o1"), clock.now
        used = []
        for _ in range(3):
            directory.keys.authenticate(key)
            used.append(directory.keys.listed("organizer", "o1")[0][1])
            clock.now += MINUTE_MS // 2
        assert used == [start, start, start + MINUTE_MS]

    @pytest.mark.parametrize(
        "text", ["", "hw", "hw.key.x", "hw.key.x.y", "....", "x" * 10_000, "hw.key.\ud800.y", "hw.é.a.b"]
    )
    def test_what_is_no_key_is_nobody(self, directory: SqliteDirectory, text: str) -> None:
        assert directory.keys.authenticate(text) is None
        assert directory.sessions.sign_in(text, "") is None

    def test_one_changed_sign_is_nobody(self, directory: SqliteDirectory) -> None:
        key = directory.keys.issue_key("organizer", "o1")
        for at in range(len(key)):
            changed = key[:at] + ("A" if key[at] != "A" else "B") + key[at + 1 :]
            assert directory.keys.authenticate(changed) is None

    def test_a_link_called_a_session_is_nobody(self, directory: SqliteDirectory) -> None:
        link = directory.keys.issue("link", "attendee", "a1", ["hims"], DAY_MS)
        assert directory.keys.authenticate(link.replace(".link.", ".session.")) is None
        assert directory.keys.authenticate(link.replace(".link.", ".key.")) is None

    def test_there_are_no_keys_for_attendees(self, directory: SqliteDirectory) -> None:
        with pytest.raises(ValueError, match="links"):
            directory.keys.issue_key("attendee", "a1", ["hims"])

    def test_compared_in_constant_time_also_for_unknown_ids(
        self, directory: SqliteDirectory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sizes: list[tuple[int, int]] = []
        compare = hmac.compare_digest

        def spy(a: bytes, b: bytes) -> bool:
            sizes.append((len(a), len(b)))
            return compare(a, b)

        monkeypatch.setattr(hmac, "compare_digest", spy)
        directory.keys.authenticate(directory.keys.issue_key("organizer", "o1"))
        directory.keys.authenticate("hw.key.0000000000000000.x")
        directory.keys.authenticate("nonsense")
        assert sizes == [(32, 32)] * 3


def test_no_digest_is_compared_otherwise() -> None:
    for path in Path("services/directory").glob("*.py"):
        assert not re.search(r"digest\b[^\n]*(==|!=)|(==|!=)[^\n=]*digest", path.read_text()), path


def test_no_secret_is_in_a_file(on_file: SqliteDirectory, folder: Path) -> None:
    keys = on_file.keys
    key, link = keys.issue_key("organizer", "o1", ["hims"]), keys.issue("link", "attendee", "a1", ["hims"], DAY_MS)
    session = on_file.sessions.sign_in(keys.issue("link", "attendee", "a1", ["hims"], DAY_MS), "Firefox on Linux")
    code = on_file.codes.begin("hims", "a1", "x:ada")
    assert session is not None
    assert code is not None
    parts = [text.rsplit(".", 1)[1] for text in (key, link, session.token)]
    secret = (folder / "secret.key").read_bytes()
    assert left(folder, [*parts, code, code.removeprefix("hallway-")]) == []
    assert left(folder, ["o1", "x:ada"]) == ["o1", "x:ada"]  # the scan itself sees what is there
    assert secret not in b"".join(path.read_bytes() for path in folder.glob("*.sqlite*"))
