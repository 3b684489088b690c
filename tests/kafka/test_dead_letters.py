"""Dead letters of a topic: listed, mended, tried, and sent again once, also where a crash came between."""

import asyncio
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from schemas.codec import encode, encode_output
from schemas.events import ClockTicked
from schemas.outputs import DeadLetter
from schemas.topics import CONFERENCE_LOG, DEAD_LETTERS
from services.kafka import dead_letters
from services.kafka.access import Access
from services.kafka.clients import KafkaRefusedError
from services.kafka.topic_writer import TopicWriter
from streams.runtime.errors import UnavailableError
from streams.workers.ports import Message
from tests.cli.conftest import Hallway
from tests.scenarios.story import CONFERENCE

GOOD = encode(ClockTicked(id="mended", at="2026-03-09T10:00:00.000Z", conference=CONFERENCE))
OTHER = encode(ClockTicked(id="other", at="2026-03-09T10:00:00.000Z", conference=CONFERENCE))


def dead(address: str, prefix: str, value: bytes, source: str = CONFERENCE_LOG + "/1") -> None:
    """A letter in partition 1, as a worker writes it."""
    source = prefix + source if source.startswith("hallway.") else source
    said = DeadLetter(
        reason="This is not JSON.", field=None, source=source, position=7, bytes=b64encode(value).decode(), at=None
    )

    async def write() -> None:
        async with TopicWriter(Access(address)) as into:
            await into.produce(prefix + DEAD_LETTERS, [Message(b"", encode_output(said), (), 1)])

    asyncio.run(write())


def log_of(hallway: Hallway, address: str, prefix: str) -> list[Any]:
    return [row["id"] for row in hallway("export", f"kafka://{address}/{prefix}{CONFERENCE_LOG}").rows]


def test_mended_tried_and_sent_once(kafka_address: str, made_topics: str, tmp_path: Path, hallway: Hallway) -> None:
    where = ["--kafka", kafka_address, "--prefix", made_topics]
    dead(kafka_address, made_topics, b"{not json")
    dead(kafka_address, made_topics, b"of a stranger", "connector:bluesky")
    first, second = hallway("dead-letters", "list", *where).rows
    assert (first["number"], first["reason"], first["sent_at"]) == ("1-0", "This is not JSON.", None)
    assert second["source"] == "connector:bluesky"
    shown = hallway("dead-letters", "show", "1-0", *where)
    assert (shown.code, shown.out) == (0, b"{not json\n")

    still_bad = hallway("dead-letters", "resend", "1-0", *where)
    assert (still_bad.code, "Still bad: This is not JSON" in still_bad.err) == (1, True)
    mended = tmp_path / "mended.json"
    mended.write_bytes(GOOD + b"\n")
    dry = hallway("dead-letters", "resend", "1-0", mended, "--dry-run", *where)
    assert (dry.code, "It would be taken." in dry.err) == (0, True)
    assert log_of(hallway, kafka_address, made_topics) == []
    assert hallway("dead-letters", "resend", "1-0", mended, *where).code == 0
    again = hallway("dead-letters", "resend", "1-0", mended, *where)
    assert (again.code, "was already resent at" in again.err) == (2, True)
    assert log_of(hallway, kafka_address, made_topics) == ["mended"]
    assert [bool(row["sent_at"]) for row in hallway("dead-letters", "list", *where).rows] == [True, False]

    stranger = hallway("dead-letters", "resend", "1-1", mended, *where)
    assert (stranger.code, "through the gateway" in stranger.err) == (2, True)
    for number in ("1-2", "1-99", "9-0", "12"):
        assert hallway("dead-letters", "show", number, *where).code == 2


def test_after_a_crash_it_can_be_sent_as_the_same_event_only(
    kafka_address: str, made_topics: str, monkeypatch: pytest.MonkeyPatch, hallway: Hallway
) -> None:
    dead(kafka_address, made_topics, b"{")
    mark = dead_letters._marker

    def crashing(kind: bytes, *rest: Any) -> Message:
        if kind == dead_letters._SENT:
            raise UnavailableError("killed here")
        return mark(kind, *rest)

    monkeypatch.setattr(dead_letters, "_marker", crashing)
    with pytest.raises(UnavailableError, match="killed here"):
        asyncio.run(dead_letters.resend(Access(kafka_address), "1-0", GOOD, prefix=made_topics))
    monkeypatch.undo()
    with pytest.raises(KafkaRefusedError, match="as another event"):
        asyncio.run(dead_letters.resend(Access(kafka_address), "1-0", OTHER, prefix=made_topics))
    done = asyncio.run(dead_letters.resend(Access(kafka_address), "1-0", GOOD, prefix=made_topics))
    assert done.status == "accepted"
    assert log_of(hallway, kafka_address, made_topics) == ["mended", "mended"]  # a double, which changes nothing
    replayed = hallway("replay", f"kafka://{kafka_address}/{made_topics}{CONFERENCE_LOG}")
    assert replayed.code == 0
