"""A batch that nobody can read: its checksum is wrong, or it is packed by a codec that is unknown here.

Owns: making it one record that says so, instead of an error that comes again for ever. May never: guess at what was in
it; its offsets are known from its head.
Theory: aiokafka unpacks a batch when it is iterated, and raises; the next fetch brings the same batch again. Only the
unpacking is replaced; a test holds its source fast. A record stays as it comes out of the batch, without topic and
partition: making aiokafka's own of it takes longer than unpacking it.
"""

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.structs import ConsumerRecord

from streams.workers.frames import Unreadable

_Theirs: Any = fetcher.PartitionRecords


class PartitionRecords(_Theirs):  # type: ignore[misc]
    """As aiokafka's, but an unreadable batch is a record whose value is ``Unreadable``."""

    def __iter__(self) -> Iterator[Any]:
        found: Iterator[Any] = self._records_iterator  # itself, not by a call of ours for each record
        return found

    def _unpack_records(self) -> Iterator[Any]:
        while self._records.has_next():
            batch = self._records.next_batch()
            if self._was_taken_back(batch) or batch.is_control_batch:
                self.next_fetch_offset = batch.next_offset
                continue
            begin = max(self.next_fetch_offset, batch.base_offset)
            try:
                if self._check_crcs and not batch.validate_crc():
                    raise ValueError("its checksum is wrong")
                records = list(batch)
            except Exception as error:  # noqa: BLE001  # each codec has errors of its own; none may stop a stream
                yield self._unreadable(begin, batch, error)
            else:
                for record in records:
                    offset = record.offset
                    if offset >= self.next_fetch_offset:
                        self.next_fetch_offset = offset + 1
                        yield record
            self.next_fetch_offset = batch.next_offset

    def _was_taken_back(self, batch: Any) -> bool:
        """Whether its writer aborted the transaction that it belongs to; as aiokafka has it."""
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
    """From now on every consumer of this process reads so."""
    fetcher.PartitionRecords = PartitionRecords
