"""Frames are bounded and lose no record; safe offsets are committed, and retried until a commit succeeds."""

import pytest

from streams.workers.commits import Commits
from streams.workers.frames import Partition, Unreadable, end_of, frames, header
from tests.workers.simulated import Record

AT = Partition("log", 0)


def records(*sizes: int) -> list[Record]:
    return [Record(offset, b"k", b"v" * (size - 1)) for offset, size in enumerate(sizes)]


def test_a_frame_has_a_maximum_of_records() -> None:
    cut = list(frames(AT, records(*[10] * 10), max_records=4))
    assert [(frame.begin, frame.end) for frame in cut] == [(0, 4), (4, 8), (8, 10)]
    assert [raw.offset for frame in cut for raw in frame.records] == list(range(10))


def test_a_frame_has_a_maximum_of_bytes_but_one_record_always_fits() -> None:
    cut = list(frames(AT, records(40, 40, 40, 500, 40), max_bytes=100))
    assert [(frame.begin, frame.end) for frame in cut] == [(0, 2), (2, 3), (3, 4), (4, 5)]


def test_a_fetch_without_records_has_no_frame() -> None:
    assert list(frames(AT, [])) == []


def test_an_unreadable_batch_ends_after_its_last_record() -> None:
    batch = Record(7, None, Unreadable(12, "its checksum is wrong."))
    assert end_of(batch) == 12
    assert [(frame.begin, frame.end) for frame in frames(AT, [batch])] == [(7, 12)]


def test_the_first_header_of_a_name_counts() -> None:
    raw = Record(0, None, b"", headers=(("type", b"one"), ("type", b"two")))
    assert header(raw, "type") == b"one"
    assert header(raw, "other") is None


def test_nothing_is_committed_before_it_is_safe() -> None:
    commits = Commits()
    assert commits.due(AT) is None
    commits.mark_safe(AT, 0)
    assert commits.due_partitions() == []


def test_a_failed_commit_is_due_again() -> None:
    commits = Commits()
    commits.mark_safe(AT, 10)
    assert (commits.due(AT), commits.due_partitions()) == (10, [AT])
    assert commits.due(AT) == 10  # nobody said that it succeeded
    commits.mark_committed(AT, 10)
    assert commits.due(AT) is None
    commits.mark_safe(AT, 12)
    assert commits.due(AT) == 12


def test_a_safe_offset_never_decreases() -> None:
    commits = Commits()
    commits.mark_safe(AT, 10)
    commits.mark_safe(AT, 7)
    assert commits.due(AT) == 10


@pytest.mark.parametrize("committed", [False, True])
def test_a_new_assignment_starts_empty(committed: bool) -> None:
    commits = Commits()
    commits.mark_safe(AT, 10)
    if committed:
        commits.mark_committed(AT, 10)
    commits.reset()
    commits.mark_committed(AT, 11)  # of the assignment before: too late
    assert commits.due_partitions() == []
    commits.mark_safe(AT, 3)
    assert commits.due(AT) == 3
