"""The ports of snapshots: a journal's (memory, files), and that of workers (memory, topics of a broker)."""

import random

from services.journal import Journal
from streams.workers.ports import Checkpoint, StoredSnapshot
from tests.contract.stores import SnapshotStore, Workers

LARGE_BYTES = 3_000_000  # several chunks in a topic


class TestSnapshots:
    """What every store of snapshots promises."""

    def test_the_newest_is_found_as_it_was_saved(self, snapshots: SnapshotStore) -> None:
        assert snapshots.latest("a") is None
        for offset, data in enumerate((b"", b"\0", random.Random(1).randbytes(LARGE_BYTES), b"small again"), 7):
            snapshots.save("a", offset, data)
            assert snapshots.latest("a") == (offset, data)
        assert snapshots.latest("b") is None

    def test_names_are_apart(self, snapshots: SnapshotStore) -> None:
        names = ["over", "Over", "ove", "over-2", "over.2"]
        for offset, name in enumerate(names):
            snapshots.save(name, offset, name.encode())
        assert [snapshots.latest(name) for name in names] == [(n, name.encode()) for n, name in enumerate(names)]

    def test_a_forgotten_name_is_gone_and_may_begin_anew(self, snapshots: SnapshotStore) -> None:
        for name in ("over", "over-2"):
            for offset in (5, 9):
                snapshots.save(name, offset, b"state")
        snapshots.forget("over")
        snapshots.forget("over")
        assert (snapshots.latest("over"), snapshots.latest("over-2")) == (None, (9, b"state"))
        snapshots.save("over", 1, b"new")
        assert snapshots.latest("over") == (1, b"new")


class TestJournalSnapshots:
    """What every journal promises beside that."""

    def test_the_newest_two_snapshots_are_kept(self, journal: Journal) -> None:
        assert journal.latest_snapshot("a") is None
        for offset in (5, 1_000, 20):
            journal.save_snapshot("a", offset, b"state %d" % offset)
        assert journal.latest_snapshot("a") == (1_000, b"state 1000")
        assert journal.latest_snapshot("a", most=999) == (20, b"state 20")
        assert journal.latest_snapshot("a", most=19) is None
        assert journal.latest_snapshot("b") is None
        assert journal.notices == []


class TestWorkerSnapshots:
    """What the port of workers promises beside that."""

    def test_a_late_writer_spoils_nothing(self, workers: Workers) -> None:
        early, late = workers.open("one"), workers.open("two")
        workers.run(early.save(1, StoredSnapshot("a", 10, b"ten")))
        workers.run(late.save(1, StoredSnapshot("a", 4, b"four")))
        assert workers.run(workers.open("two").load(1)) == (None, [StoredSnapshot("a", 10, b"ten")])
        workers.run(late.save(1, StoredSnapshot("a", 12, b"twelve")))
        assert workers.run(workers.open("one").load(1)) == (None, [StoredSnapshot("a", 12, b"twelve")])

    def test_a_partition_has_its_own_snapshots_and_mark(self, workers: Workers) -> None:
        checkpoints = [Checkpoint(log=7, matches=3, dead_letters=1, erased=("gone",)), Checkpoint(log=2)]
        port = workers.open("one")
        for partition, checkpoint in enumerate(checkpoints):
            workers.run(port.save(partition, StoredSnapshot(f"of-{partition}", 5, b"state")))
            workers.run(port.save_checkpoint(partition, Checkpoint()))
            workers.run(port.save_checkpoint(partition, checkpoint))
        for partition, checkpoint in enumerate(checkpoints):
            found = workers.run(workers.open("two").load(partition))
            assert found == (checkpoint, [StoredSnapshot(f"of-{partition}", 5, b"state")])

    def test_a_name_that_no_conference_has_is_known_and_no_snapshot(self, workers: Workers) -> None:
        port = workers.open("one")
        workers.run(port.save(0, StoredSnapshot("~router", 3, b"three")))
        workers.run(workers.open("two").save(0, StoredSnapshot("~router", 5, b"five")))
        assert workers.run(port.load_named("~router")) == StoredSnapshot("~router", 5, b"five")
        assert workers.run(port.load_named("~nobody")) is None
        assert workers.run(port.load(0)) == (None, [])

    def test_forgetting_takes_what_anybody_wrote(self, workers: Workers) -> None:
        for owner in ("one", "two"):
            for offset in (3, 5):
                workers.run(workers.open(owner).save(1, StoredSnapshot("gone", offset, owner.encode())))
        workers.run(workers.open("one").save(1, StoredSnapshot("gone-too", 1, b"other")))
        workers.run(workers.open("two").delete(1, "gone"))
        assert workers.run(workers.open("one").load(1)) == (None, [StoredSnapshot("gone-too", 1, b"other")])
