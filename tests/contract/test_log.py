"""The port of the log: events in one order a conference, outputs beside them, forgetting, room."""

import pytest

from services.journal import Journal


def lines(count: int, start: int = 0) -> list[bytes]:
    return [b'{"n":%d}' % n for n in range(start, start + count)]


class TestLog:
    """What every journal promises of its logs."""

    def test_offsets_are_dense_in_each_log(self, journal: Journal) -> None:
        assert journal.append([("a", b"0"), ("b", b"1"), ("a", b"2")], 10) == [0, 0, 1]
        assert journal.append([("b", b"3"), ("a", b"4")], 10) == [1, 2]
        assert [tuple(row) for row in journal.read("a")] == [(0, 10, b"0"), (1, 10, b"2"), (2, 10, b"4")]
        assert [row.line for row in journal.read("b")] == [b"1", b"3"]
        assert (journal.length("a"), journal.length("b"), journal.length("c")) == (3, 2, 0)
        assert journal.conferences() == ["a", "b"]

    def test_names_that_differ_in_case_only_are_two_logs(self, journal: Journal) -> None:
        journal.append([("Himss", b"0"), ("himss", b"1")], 1)
        journal.save_snapshot("Himss", 1, b"upper")
        journal.save_snapshot("himss", 1, b"lower")
        assert [row.line for row in journal.read("Himss")] == [b"0"]
        assert [journal.latest_snapshot(name) for name in ("Himss", "himss")] == [(1, b"upper"), (1, b"lower")]

    def test_a_part_is_read_over_many_batches(self, journal: Journal) -> None:
        everything = lines(3_333)
        journal.append([("a", line) for line in everything], 5)
        assert [row.line for row in journal.read("a")] == everything
        assert [row.offset for row in journal.read("a", 999, 2_002)] == list(range(999, 2_002))
        assert [row.line for row in journal.read("a", 3_332, 9_999)] == everything[-1:]
        assert not list(journal.read("a", 3_333))
        assert not list(journal.read("nowhere"))

    def test_what_is_appended_while_reading_is_not_read(self, journal: Journal) -> None:
        journal.append([("a", b"0")], 1)
        reading = journal.read("a")
        assert next(reading).line == b"0"
        journal.append([("a", b"1")], 1)
        assert not list(reading)

    def test_time_never_falls_in_a_log_and_nothing_is_half_taken(self, journal: Journal) -> None:
        journal.append([("a", b"0")], 100)
        with pytest.raises(ValueError, match="decreases"):
            journal.append([("b", b"0"), ("a", b"1")], 99)
        assert (journal.length("a"), journal.length("b")) == (1, 0)
        assert journal.append([("b", b"0")], 99) == [0]
        assert journal.last_recorded() == 100

    def test_outputs_and_how_far_they_are_decided(self, journal: Journal) -> None:
        journal.append([("a", line) for line in lines(20)], 1)
        journal.record("a", 5, [("1-0", b"one"), ("1-1", b"two"), ("4-0", b"three")])
        journal.record("a", 9, [])
        journal.record("a", 12, [("10-0", b"four"), ("10-10", b"six"), ("11-9", b"seven")])
        assert journal.decided("a") == 12
        assert [line for _, line in journal.outputs("a")] == [b"one", b"two", b"three", b"four", b"six", b"seven"]
        assert [position for position, _ in journal.outputs("a", 2)] == ["4-0", "10-0", "10-10", "11-9"]
        assert [position for position, _ in journal.outputs("a", after="10-2")] == ["10-10", "11-9"]
        assert (journal.decided("b"), list(journal.outputs("b"))) == (0, [])

    def test_outputs_go_on_over_many_batches(self, journal: Journal) -> None:
        journal.append([("a", line) for line in lines(10)], 1)
        told = [(f"{n // 7}-{n % 7}", b"%d" % n) for n in range(2_500)]
        journal.record("a", 10, told)
        assert list(journal.outputs("a")) == told

    @pytest.mark.parametrize(
        ("decided", "positions"), [(4, []), (11, []), (6, ["4-0"]), (6, ["5-1", "5-0"]), (6, ["5-0", "5-0"])]
    )
    def test_what_was_recorded_is_never_taken_back(self, journal: Journal, decided: int, positions: list[str]) -> None:
        journal.append([("a", line) for line in lines(10)], 1)
        journal.record("a", 5, [("4-0", b"told")])
        with pytest.raises(ValueError, match=r"decided|position"):
            journal.record("a", decided, [(position, b"again") for position in positions])
        assert (journal.decided("a"), list(journal.outputs("a"))) == (5, [("4-0", b"told")])

    def test_appending_leaves_what_is_decided(self, journal: Journal) -> None:
        journal.append([("a", b"0")], 1)
        journal.record("a", 1, [("0-0", b"told")])
        journal.append([("a", b"1")], 2)
        assert (journal.decided("a"), journal.length("a")) == (1, 2)
        journal.record("a", 2, [("1-0", b"more")])
        assert [line for _, line in journal.outputs("a")] == [b"told", b"more"]

    def test_space_is_looked_for_without_keeping_anything(self, journal: Journal) -> None:
        journal.ensure_capacity(100_000)
        assert (journal.conferences(), journal.dead_letter_count()) == ([], 0)

    def test_a_forgotten_log_is_nowhere_and_its_name_begins_anew(self, journal: Journal) -> None:
        for conference in ("over", "other"):
            journal.append([(conference, line) for line in lines(20)], 5)
            journal.record(conference, 20, [("3-0", b"told")])
            journal.save_snapshot(conference, 20, b"state")
        journal.forget("over")
        journal.forget("over")
        assert (journal.conferences(), journal.length("over"), journal.decided("over")) == (["other"], 0, 0)
        assert (list(journal.read("over")), list(journal.outputs("over"))) == ([], [])
        assert journal.latest_snapshot("over") is None
        while journal.shrink():
            pass
        assert journal.append([("over", b"new")], 6) == [0]
        assert [row.line for row in journal.read("over")] == [b"new"]
        assert [row.line for row in journal.read("other")] == lines(20)
        assert list(journal.outputs("other")) == [("3-0", b"told")]
        assert journal.latest_snapshot("other") == (20, b"state")

    def test_a_new_log_of_the_name_is_left_by_what_goes_on_shrinking(self, journal: Journal) -> None:
        journal.append([("over", line) for line in lines(12_000)], 5)
        journal.forget("over")
        journal.append([("over", b"new")], 6)
        while journal.shrink():
            journal.append([("over", b"more")], 6)
        assert [row.offset for row in journal.read("over")] == list(range(journal.length("over")))
        assert next(journal.read("over")).line == b"new"
