"""Turns a batch that cannot be read (wrong checksum, unknown compression codec) into one record that says so.

Invariants: the content is never guessed; the offsets come from the batch header.
Why: aiokafka unpacks a batch while it is iterated, and raises; the next fetch returns the same batch, so the error
would repeat for ever. Only the unpacking is replaced, and a test pins the source of the original. Records are yielded
as they come out of the batch, without topic and partition: wrapping them into aiokafka's own type takes longer than
unpacking.
"""

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.structs import ConsumerRecord

from streams.workers.frames import Unreadable

_Theirs: Any = fetcher.PartitionRecords


class PartitionRecords(_Theirs):  # type: ignore[misc]
    """aiokafka's class, except that an unreadable batch becomes one record whose value is ``Unreadable``."""

    def __iter__(self) -> Iterator[Any]:
        found: Iterator[Any] = self._records_iterator  # the iterator itself: no call of ours per record
        return found

    def _unpack_records(self) -> Iterator[Any]:
        while self._records.has_next():
            batch = self._records.next_batch()
            if self._is_aborted(batch) or batch.is_control_batch:
                self.next_fetch_offset = batch.next_offset
                continue
            begin = max(self.next_fetch_offset, batch.base_offset)
            try:
                if self._check_crcs and not batch.validate_crc():
                    raise ValueError("its checksum is wrong")
                records = list(batch)
            except Exception as error:  # noqa: BLE001  # every codec has its own errors; none may stop a stream
                yield self._unreadable(begin, batch, error)
            else:
                for record in records:
                    offset = record.offset
                    if offset >= self.next_fetch_offset:
                        self.next_fetch_offset = offset + 1
                        yield record
            self.next_fetch_offset = batch.next_offset

    def _is_aborted(self, batch: Any) -> bool:
        """Whether the batch belongs to an aborted transaction; the same logic as aiokafka's."""
        if self._isolation_level != fetcher.READ_COMMITTED or batch.producer_id is None:
            return False
        self._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch and self._contains_abort_marker(batch):
            self._aborted_producers.discard(batch.producer_id)
        return bool(batch.is_transactional and batch.producer_id in self._aborted_producers)

    def _unreadable(self, begin: int, batch: Any, error: Exception) -> Any:
        self.next_fetch_offset = batch.next_offset
        value = Unreadable(batch.next_offset, f"{error or type(error).__name__}.")
        at = (self._tp.topic, self._tp.partition, begin, batch.max_timestamp, 0)
        return ConsumerRecord(*at, None, value, None, -1, -1, ())


def install() -> None:
    """Replaces aiokafka's class for every consumer of this process."""
    fetcher.PartitionRecords = PartitionRecords
