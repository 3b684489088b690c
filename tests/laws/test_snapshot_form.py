"""The snapshot format: magic, version and digest, then JSON."""

import json
from hashlib import blake2b

import pytest

from streams.matching import Matcher
from streams.matching.snapshot import SnapshotError, digest, restore, snapshot
from tests.laws.logs import applied, folded
from tests.scenarios.story import CONFERENCE


def folded_snapshot() -> bytes:
    matcher = Matcher(CONFERENCE)
    applied(matcher, folded(5, 80).records)
    return snapshot(matcher)


def test_a_snapshot_is_magic_version_digest_and_json() -> None:
    data = folded_snapshot()
    assert data[:16] == b"hallway-snapshot"
    assert data[16:18] == b"\x00\x02"
    assert data[18:34] == blake2b(data[34:], digest_size=16).digest()
    assert digest(data) == data[18:34].hex()
    assert json.loads(data[34:])["conference"] == CONFERENCE


@pytest.mark.parametrize("at_once", [1, 2, 7])
def test_it_is_the_same_in_many_pieces_and_in_few(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    whole = folded_snapshot()
    monkeypatch.setattr("streams.matching.snapshot.PIECE_ITEMS", at_once)
    assert folded_snapshot() == whole
    assert snapshot(restore(whole)) == whole


def test_bytes_of_another_format_are_refused_with_a_reason() -> None:
    data = folded_snapshot()
    for none in (b"", b"hallway-snapshot", data[:33], b"x" + data[1:]):
        with pytest.raises(SnapshotError, match="are no snapshot"):
            restore(none)
    for damaged in (data[:34], data[:-1], data[:18] + bytes(16) + data[34:], data[:18] + b"\xff" * 16 + data[34:]):
        with pytest.raises(SnapshotError, match="is damaged"):
            restore(damaged)
    body = b'{"conference": "himss"}'
    other = data[:18] + blake2b(body, digest_size=16).digest() + body
    with pytest.raises(SnapshotError, match="cannot be read"):
        restore(other)
