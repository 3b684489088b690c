"""In which partition a key's records lie.

Owns: the one formula (murmur2 of the key), for all that writes, reads or asks by key. May never: differ from
Kafka's own clients.
"""

from functools import lru_cache

from aiokafka.partitioner import murmur2


@lru_cache(maxsize=10_000)  # few keys are asked for again and again: conferences
def partition_of(key: bytes, partitions: int) -> int:
    """Where a key's records lie, as every Kafka client has it by default."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)
