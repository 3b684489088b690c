"""A repository\'s posts: all of them, each bounded, and nothing of a file that is damaged."""

import random
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import libipld
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.times import DAY_MS, format_time, millis
from services.connectors.bluesky import repository
from services.connectors.bluesky.repository import RepositoryError, read_past
from tests.connectors.car_files import LIKES, POSTS, Repository, section
from tests.connectors.fake_jetstream import record

ADA, BOB = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"
NOW = millis("2026-11-30T12:00:00Z")
OLDEST = NOW - 400 * DAY_MS
REAL = Path(__file__).parent / "bluesky_repo.car"


def ids(data: bytes, most: int = 1_000) -> list[str]:
    return sorted(post.id for post in read_past(data, OLDEST, NOW, most).posts)


def made(created: str = "2026-11-01T10:00:00Z", **fields: Any) -> dict[str, Any]:
    return record("HITsm", to=BOB) | {"createdAt": created} | fields


def test_the_file_of_a_real_server_is_read() -> None:
    past = read_past(REAL.read_bytes(), 0, millis("2099-01-01T00:00:00Z"), 10)
    assert past.did == "did:plc:57rd36vmqod7w7444lgaemwb"
    assert [(format_time(post.at), post.hashtags, post.mentions, post.reply_to) for post in past.posts] == [
        ("2026-11-30T09:32:16.822Z", ("hitsm", "healthit2027"), (), None),
        ("2023-04-01T08:00:00.000Z", (), (), None),  # a #word in the text alone is no hashtag
    ]
    assert past.posts[0].id == f"bsky:at://{past.did}/app.bsky.feed.post/3n3jgeyp2ok2h"


@pytest.mark.parametrize("posts", [0, 1, 5, 300])
def test_every_post_is_found_between_the_likes(posts: int) -> None:
    chance = random.Random(posts)
    records: dict[str, Any] = {f"{POSTS}/3k{n:05}": made(n=n) for n in range(posts)}
    for name in (LIKES, "app.bsky.feed.postgate", "app.bsky.graph.follow", "app.bsky.actor.profile"):
        records |= {f"{name}/3k{n:05}": {"$type": name, "n": n, "x": chance.random()} for n in range(200)}
    found = ids(Repository(ADA, records).file())
    assert found == [f"bsky:at://{ADA}/{POSTS}/3k{n:05}" for n in range(posts)]


def test_branches_without_posts_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    records = {f"{LIKES}/3k{n:05}": {"n": n} for n in range(4_000)} | {f"{POSTS}/3kz": made()}
    data, read = Repository(ADA, records).file(), []
    decode = libipld.decode_dag_cbor
    monkeypatch.setattr(repository.libipld, "decode_dag_cbor", lambda block: read.append(1) or decode(block))
    assert len(ids(data)) == 1
    assert len(read) < 20


def test_only_what_counts_and_the_newest_stay() -> None:
    times = [
        "2026-11-01T10:00:00Z",
        "2020-01-01T00:00:00Z",
        "2027-01-01T00:00:00Z",
        "yesterday",
        "2026-11-02T10:00:00Z",
    ]
    records: dict[str, Any] = {f"{POSTS}/{n}": made(at) for n, at in enumerate(times)}
    records |= {f"{POSTS}/8": made(facets=5), f"{POSTS}/9": [1], f"{POSTS}/" + "x" * 500: made(n=1)}
    data = Repository(ADA, records).file()
    assert [each.rpartition("/")[2] for each in ids(data)] == ["0", "4"]
    past = read_past(data, OLDEST, NOW, 1)
    assert ([post.id[-1] for post in past.posts], past.is_cut) == (["4"], True)
    assert datetime.fromtimestamp(past.posts[0].at / 1e3, UTC).day == 2


def bad_files() -> dict[str, bytes]:
    whole = Repository(ADA, {f"{POSTS}/{n}": made(n=n) for n in range(9)})
    data = whole.file()
    some = next(iter(whole.blocks))
    circle = Repository(ADA, {})
    root = circle.add({"l": None, "e": [{"p": 0, "k": b"a", "v": some, "t": some}]})
    looped = Repository(ADA, {f"{POSTS}/1": made()})
    node = looped.add({"l": None, "e": []})
    entry = {"p": 0, "k": f"{POSTS}/2".encode(), "v": looped.add(made()), "t": node}
    looped.root = looped.add({"did": ADA, "data": looped.add({"l": node, "e": [entry]})})
    deep = b"\x81" * 100_000 + b"\x00"
    changed = bytearray(data)
    changed[-3] ^= 1
    return {
        "empty": b"",
        "text": b"this is no repository",
        "half": data[: len(data) // 2],
        "header alone": section(libipld.encode_dag_cbor({"version": 1, "roots": [whole.root]})),
        "no root": section(libipld.encode_dag_cbor({"version": 1, "roots": []})),
        "without a block": whole.file(without=some),
        "changed": bytes(changed),
        "wrong root": circle.file(root=root),
        "a node twice": looped.file(),
        "endless number": b"\xff" * 40,
        "deep": section(deep),
        "no did": Repository("somebody", {}).file(),
    }


@pytest.mark.parametrize("name", sorted(bad_files()))
def test_a_damaged_file_is_refused_in_words(name: str) -> None:
    with pytest.raises(RepositoryError, match=r"\.$"):
        read_past(bad_files()[name], OLDEST, NOW, 100)


def test_a_file_that_is_too_big_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository, "CAR_BYTES", 100)
    with pytest.raises(RepositoryError, match="bytes"):
        read_past(Repository(ADA, {f"{POSTS}/1": made()}).file(), OLDEST, NOW, 100)


@given(st.binary(max_size=300), st.integers(0, 2**32))
def test_no_bytes_raise_anything_else(tail: bytes, at: int) -> None:
    data = bytearray(Repository(ADA, {f"{POSTS}/{n}": {"n": n} for n in range(3)}).file())
    start = at % len(data)
    data[start : start + len(tail)] = tail
    with suppress(RepositoryError):
        assert len(read_past(bytes(data), OLDEST, NOW, 100).posts) <= 3
