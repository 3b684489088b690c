"""The partition of a key: murmur2, exactly like Kafka's own clients."""

from functools import lru_cache

from aiokafka.partitioner import murmur2


@lru_cache(maxsize=10_000)  # the keys are conferences: few, and used often
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key's records, as in every Kafka client by default."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)
