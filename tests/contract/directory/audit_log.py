"""The audit log: in order, by page, by age; nobody fills it for somebody else."""

import pytest

from schemas.times import DAY_MS
from services.directory.port import AUDIT_DAYS, MOST_A_DAY, AuditFullError, Directory, Grant
from tests.directory.conftest import Clock


def holder(name: str) -> Grant:
    return Grant(id=f"key-of-{name}", role="organizer", subject=name, conferences=("hims",))


class AuditLog:
    """Who looked into dead letters."""

    def test_entries_come_in_order_and_by_page(self, directory: Directory, clock: Clock) -> None:
        start = clock.now
        for number in range(5):
            directory.audit.write(holder("o1"), "letter.shown", number)
            clock.now += 1
        first = directory.audit.entries(most=2)
        entries = [*first, *directory.audit.entries(first[-1].number)]
        assert [(each.at - start, each.what) for each in entries] == [(number, number) for number in range(5)]
        assert {(each.role, each.subject, each.key, each.action) for each in entries} == {
            ("organizer", "o1", "key-of-o1", "letter.shown")
        }
        assert directory.audit.entries(entries[-1].number) == []

    def test_who_has_written_enough_in_a_day_keeps_nobody_else_out(self, directory: Directory, clock: Clock) -> None:
        for number in range(MOST_A_DAY):
            directory.audit.write(holder("o1"), "letter.shown", number)
        with pytest.raises(AuditFullError):
            directory.audit.write(holder("o1"), "letter.sent", 1)
        directory.audit.write(holder("o2"), "letter.sent", 2)
        clock.now += DAY_MS
        directory.audit.write(holder("o1"), "letter.sent", 3)
        assert [each.what for each in directory.audit.entries(MOST_A_DAY)] == [2, 3]

    def test_entries_go_by_age_alone(self, directory: Directory, clock: Clock) -> None:
        directory.audit.write(holder("o1"), "letter.tried", 1)
        directory.erase_conference("hims")
        clock.now += AUDIT_DAYS * DAY_MS
        directory.purge_expired()
        assert [each.what for each in directory.audit.entries()] == [1]
        clock.now += 1
        directory.purge_expired()
        assert directory.audit.entries() == []
