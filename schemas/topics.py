"""The topics: names, keys, value types, retention. Declared here, once, as data.

Invariants: no broker is reached here; ``services.kafka.topics`` creates and checks the topics.
Why: all topics have as many partitions as the conference log, for good. So a conference is in the same partition of
each, and a record never changes its place in its conference's order. Several installations on one cluster use a prefix
before each name.
"""

from typing import Any, Literal

from msgspec import Struct

from schemas.events import Activity, Input
from schemas.outputs import AnyOutput, DeadLetter

ACTIVITY = "hallway.activity.v1"
CONFERENCE_LOG = "hallway.conference-log.v1"
MATCHES = "hallway.matches.v1"
DEAD_LETTERS = "hallway.dead-letters.v1"
SNAPSHOTS = "hallway.snapshots.v1"
SNAPSHOT_CHUNKS = "hallway.snapshot-chunks.v1"

PARTITIONS = 12  # the default; chosen once, when the topics are created
TYPE_HEADER = "type"  # the event's type beside the value, so that readers of a few types need not decode all
# The type of the tombstone that erases a conference for good: its key is the conference, and it has no value. It is no
# event. Every reader of the log ignores all records with this key, before it and after it.
CONFERENCE_ERASED = "conference.erased"
FOREVER = -1
DAY_MS = 86_400_000
MESSAGE_BYTES = 1_048_588  # Kafka's own default bound of a batch

Key = Literal["actor", "conference", "source"]


class Topic(Struct, frozen=True, kw_only=True):
    """A topic. ``value_type``: the type of its values; None: raw bytes.

    ``timestamp_type``: who sets a record's time, the producer (CreateTime) or the broker (LogAppendTime).
    """

    name: str
    key: Key
    description: str
    value_type: Any = None
    retention_ms: int = FOREVER
    compacted: bool = False
    timestamp_type: Literal["CreateTime", "LogAppendTime"] = "CreateTime"
    compression: Literal["lz4", "producer"] = "lz4"

    def settings(self) -> dict[str, str]:
        """The topic's configuration, in Kafka's own names."""
        compacting = {"segment.bytes": str(64 << 20), "min.cleanable.dirty.ratio": "0.2"} if self.compacted else {}
        return {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "retention.ms": str(self.retention_ms),
            "retention.bytes": str(FOREVER),
            "message.timestamp.type": self.timestamp_type,
            "compression.type": self.compression,
            "max.message.bytes": str(MESSAGE_BYTES),
            **compacting,
        }


_ACTIVITY = Topic(
    name=ACTIVITY,
    key="actor",
    description="Posts and deletions as they arrive, before they are routed. Retained for 400 days: so long a post "
    "counts, and so far back a conference that is opened later is backfilled.",
    value_type=Activity,
    retention_ms=400 * DAY_MS,
)
_CONFERENCE_LOG = Topic(
    name=CONFERENCE_LOG,
    key="conference",
    description="All events of each conference in one order; its matches are a fold of it. The broker's timestamp of "
    "a record is its recorded_at, unless the event has one.",
    value_type=Input,
    timestamp_type="LogAppendTime",
)
_MATCHES = Topic(
    name=MATCHES,
    key="conference",
    description="The matchers' outputs: facts that are never decided again.",
    value_type=AnyOutput,
)
_DEAD_LETTERS = Topic(
    name=DEAD_LETTERS,
    key="source",
    description="Input that could not be read: the reason, the bytes, and where they came from; in the input's "
    "partition. Retained for 14 days only, since the bytes may contain data that an erasure should reach.",
    value_type=DeadLetter,
    retention_ms=14 * DAY_MS,
    timestamp_type="LogAppendTime",
)
_SNAPSHOTS = Topic(
    name=SNAPSHOTS,
    key="conference",
    description="The newest snapshot of each conference: the offset that it covers, its digest, where its chunks are.",
    compacted=True,
)
_SNAPSHOT_CHUNKS = Topic(
    name=SNAPSHOT_CHUNKS,
    key="conference",
    description="The bytes of the snapshots, compressed, in chunks below the message limit; in the "
    "conference's partition. The key names the conference, the snapshot's slot and the chunk.",
    compacted=True,
    compression="producer",
)

TOPICS = (_ACTIVITY, _CONFERENCE_LOG, _MATCHES, _DEAD_LETTERS, _SNAPSHOTS, _SNAPSHOT_CHUNKS)
