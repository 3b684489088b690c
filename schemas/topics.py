"""The topics: names, keys, what they carry, how long it is kept. Declared here, once, as data.

Owns: what a topic of Hallway is. May never: reach a broker (``services.kafka.topics`` creates and checks them).
Theory: all have as many partitions as the conference log, for ever: what belongs to a conference lies in the same
partition of each, and a record never changes its place in the order of its conference. Several installations on one
cluster put a prefix of their own before each name.
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

PARTITIONS = 12  # as a default; chosen once, when the topics are created
TYPE_HEADER = "type"  # the event's type again beside the value, so that who seeks a few types need not decode all
# The type of the record that ends a conference's log for ever: it has the conference as key, and no value. It is no
# event. Whatever has this key, before it or behind it, is nothing any more, for whoever reads the log.
CONFERENCE_ERASED = "conference.erased"
FOREVER = -1
DAY_MS = 86_400_000
MESSAGE_BYTES = 1_048_588  # Kafka's own default bound of a batch

Key = Literal["actor", "conference", "source"]


class Topic(Struct, frozen=True, kw_only=True):
    """A topic. ``carries`` is the type of its values, None where they are bytes.

    ``stamped``: who sets a record's time, the producer (CreateTime) or the broker (LogAppendTime).
    """

    name: str
    key: Key
    says: str
    carries: Any = None
    retention_ms: int = FOREVER
    compacted: bool = False
    stamped: Literal["CreateTime", "LogAppendTime"] = "CreateTime"
    compression: Literal["lz4", "producer"] = "lz4"

    def settings(self) -> dict[str, str]:
        """What the broker has to know, in its own words."""
        compacting = {"segment.bytes": str(64 << 20), "min.cleanable.dirty.ratio": "0.2"} if self.compacted else {}
        return {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "retention.ms": str(self.retention_ms),
            "retention.bytes": str(FOREVER),
            "message.timestamp.type": self.stamped,
            "compression.type": self.compression,
            "max.message.bytes": str(MESSAGE_BYTES),
            **compacting,
        }


_ACTIVITY = Topic(
    name=ACTIVITY,
    key="actor",
    says="Posts and deletions as they come, before any conference. Kept 400 days: so long a post counts, and so far "
    "back a conference opened later is filled.",
    carries=Activity,
    retention_ms=400 * DAY_MS,
)
_CONFERENCE_LOG = Topic(
    name=CONFERENCE_LOG,
    key="conference",
    says="All events of each conference in one order. Its matches are a fold of it. The broker's time of a record is "
    "its recorded_at, unless it brings its own.",
    carries=Input,
    stamped="LogAppendTime",
)
_MATCHES = Topic(
    name=MATCHES,
    key="conference",
    says="What the matchers put out: facts, never decided anew.",
    carries=AnyOutput,
)
_DEAD_LETTERS = Topic(
    name=DEAD_LETTERS,
    key="source",
    says="What could not be read: the reason, the bytes, where they came from; in the partition of what they were "
    "read of. Kept 14 days only, for the bytes may "
    "hold what an erasure should reach.",
    carries=DeadLetter,
    retention_ms=14 * DAY_MS,
    stamped="LogAppendTime",
)
_SNAPSHOTS = Topic(
    name=SNAPSHOTS,
    key="conference",
    says="The newest snapshot of each conference: up to where it goes, its digest, where its chunks lie.",
    compacted=True,
)
_SNAPSHOT_CHUNKS = Topic(
    name=SNAPSHOT_CHUNKS,
    key="conference",
    says="The bytes of the snapshots, packed, in chunks below the bound of a message. In the partition of the "
    "conference; the key names the conference, the snapshot's slot and the chunk.",
    compacted=True,
    compression="producer",
)

TOPICS = (_ACTIVITY, _CONFERENCE_LOG, _MATCHES, _DEAD_LETTERS, _SNAPSHOTS, _SNAPSHOT_CHUNKS)
