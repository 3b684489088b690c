"""Inputs: packed, by standard input, torn, with bad lines; and the dead letters of them."""

import base64
import gzip
import json
from pathlib import Path

import pytest
import zstandard

from services.cli.streams.files import STORED_LINE_BYTES, Input
from services.cli.streams.line_blocks import Block, LongLine
from tests.cli.conftest import Hallway, Log, lines, rows
from tests.scenarios.story import met_at_ten

GOOD = lines(met_at_ten("ada", "bob"))
TICK = b'{"type":"clock.ticked","id":"t%d","at":"2026-03-09T11:00:00Z","conference":"himss"}'


def _unit(content: bytes) -> bytes:
    return content


PACKERS = {
    "log.jsonl": _unit,
    "log.jsonl.gz": gzip.compress,
    "log.jsonl.zst": zstandard.compress,
    "gz-without-suffix": gzip.compress,
    "zst-without-suffix": zstandard.compress,
    "two-members.gz": lambda data: gzip.compress(data[:500]) + gzip.compress(data[500:]),
    "two-frames.zst": lambda data: zstandard.compress(data[:500]) + zstandard.compress(data[500:]),
    "bom.jsonl": lambda data: b"\xef\xbb\xbf" + data,
    "bom.jsonl.gz": lambda data: gzip.compress(b"\xef\xbb\xbf" + data),
    "crlf.jsonl": lambda data: data.replace(b"\n", b"\r\n"),
    "empty-lines.jsonl": lambda data: b"\n \n" + data.replace(b"\n", b"\n\r\n\n"),
    "no-last-newline.jsonl": lambda data: data[:-1],
}


@pytest.mark.parametrize("name", PACKERS)
def test_every_form_of_input_gives_the_same(hallway: Hallway, tmp_path: Path, name: str) -> None:
    plain = hallway("replay", "-", stdin=GOOD)
    content = PACKERS[name](GOOD)
    (tmp_path / name).write_bytes(content)
    for done in (hallway("replay", tmp_path / name), hallway("replay", "-", stdin=content)):
        assert (done.code, done.out) == (0, plain.out)
        assert "rejected" not in done.err


def test_an_empty_input_is_one(hallway: Hallway, tmp_path: Path) -> None:
    for name, content in (("a.jsonl", b""), ("a.gz", gzip.compress(b"")), ("a.zst", zstandard.compress(b""))):
        (tmp_path / name).write_bytes(content)
        done = hallway("replay", tmp_path / name)
        assert (done.code, done.out) == (0, b"")
        assert "0 events" in done.err


def _torn(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


@pytest.mark.parametrize("spoil", [_torn, _flipped, lambda data: b"no " + data, lambda data: data + b"rubbish"])
@pytest.mark.parametrize("name", ["log.gz", "log.zst"])
def test_a_spoilt_file_ends_with_2_and_leaves_no_output(hallway: Hallway, tmp_path: Path, spoil, name) -> None:  # type: ignore[no-untyped-def]
    content = b"".join(TICK % number + b"\n" for number in range(5_000))
    checked = zstandard.ZstdCompressor(write_checksum=True)
    packed = gzip.compress(content) if name == "log.gz" else checked.compress(content)
    (tmp_path / name).write_bytes(spoil(packed))
    out = tmp_path / "out.jsonl"
    out.write_bytes(b"before")
    done = hallway("replay", tmp_path / name, "--output", out)
    assert done.code == 2
    assert name in done.err
    assert "Traceback" not in done.err
    assert out.read_bytes() == b"before"
    assert len(list(tmp_path.iterdir())) == 2


BAD = {
    "not JSON": (b"nonsense", None),
    "not UTF-8": (b'{"type":"\xff"}', None),
    "no object": (b"[1]", None),
    "two on a line": (TICK % 1 + b" " + TICK % 2, None),
    "unknown type": (b'{"type":"x.y","id":"1","at":"2026-03-09T11:00:00Z"}', "type"),
    "an output": (b'{"type":"match.agreed","id":"1","at":"2026-03-09T11:00:00Z"}', "type"),
    "no type": (b'{"id":"1"}', "type"),
    "missing field": (b'{"type":"clock.ticked","id":"1","at":"2026-03-09T11:00:00Z"}', "conference"),
    "wrong field": (b'{"type":"clock.ticked","id":1,"at":"2026-03-09T11:00:00Z","conference":"c"}', "id"),
    "no time": (b'{"type":"clock.ticked","id":"1","at":"noon","conference":"c"}', "at"),
    "deep": (b'{"x":' + b"[" * 20_000, None),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_lines_become_dead_letters_and_the_rest_goes_on(hallway: Hallway, tmp_path: Path, kind: str) -> None:
    bad, field = BAD[kind]
    log, letters = tmp_path / "log.jsonl", tmp_path / "dead.jsonl"
    events = GOOD.splitlines(keepends=True)
    log.write_bytes(b"".join(events[:4]) + bad + b"\r\n" + b"".join(events[4:]))
    done = hallway("replay", log, "--dead-letters", letters)
    assert (done.code, done.out) == (0, hallway("replay", "-", stdin=GOOD).out)
    assert "1 line rejected" in done.err
    [letter] = rows(letters)
    assert letter["field"] == field
    assert (letter["source"], letter["position"]) == (str(log), 5)
    assert base64.b64decode(letter["bytes"]) == bad
    assert letter["at"] == "2026-03-09T08:00:00.000Z"
    assert letter["reason"]


def test_before_any_good_event_now_is_null(hallway: Hallway, tmp_path: Path) -> None:
    letters = tmp_path / "dead.jsonl"
    hallway("replay", "-", "--dead-letters", letters, stdin=b"nonsense\n")
    [letter] = rows(letters)
    assert (letter["at"], letter["source"]) == (None, "-")


def test_line_numbers_hold_over_blocks_and_files(hallway: Hallway, tmp_path: Path) -> None:
    log, other, letters = tmp_path / "log.jsonl", tmp_path / "other.jsonl", tmp_path / "dead.jsonl"
    content = [TICK % number for number in range(3_000)]
    for number in (0, 777, 1_500, 2_999):
        content[number] = b"bad"
    log.write_bytes(b"\n".join(content))
    other.write_bytes(b"\nbad\n")
    hallway("replay", log, other, "--dead-letters", letters)
    assert [letter["position"] for letter in rows(letters)] == [1, 778, 1_501, 3_000, 2]


def _tick_of(size: int) -> bytes:
    start = TICK % 1
    return start[:-1] + b',"x":"' + b"x" * (size - len(start) - 7) + b'"}'


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b""])
def test_an_event_may_have_65536_bytes_and_no_more(hallway: Hallway, tmp_path: Path, newline: bytes) -> None:
    letters = tmp_path / "dead.jsonl"
    fits, over = _tick_of(65_536), _tick_of(65_537)
    assert (len(fits), len(over)) == (65_536, 65_537)
    done = hallway("replay", "-", "--dead-letters", letters, stdin=GOOD + fits + newline)
    assert "rejected" not in done.err
    hallway("replay", "-", "--dead-letters", letters, stdin=GOOD + over + newline)
    [letter] = rows(letters)
    assert "65,537 bytes" in letter["reason"]
    assert base64.b64decode(letter["bytes"]) == over


def test_of_an_endless_line_a_mebibyte_is_kept(hallway: Hallway, tmp_path: Path) -> None:
    letters = tmp_path / "dead.jsonl"
    done = hallway("replay", "-", "--dead-letters", letters, stdin=b"x" * 3_000_000 + b"\n" + GOOD)
    assert len(done.rows) == 1
    [letter] = rows(letters)
    assert base64.b64decode(letter["bytes"]) == b"x" * STORED_LINE_BYTES
    assert "3,000,000 bytes" in letter["reason"]
    assert "1,048,576 bytes are kept" in letter["reason"]
    assert letter["position"] == 1


def test_reasons_are_grouped(hallway: Hallway) -> None:
    bad = b"".join(b'{"type":"x.%d","id":"1"}\n' % number for number in range(50)) + b"nonsense\n"
    done = hallway("replay", "-", stdin=bad)
    assert "51 lines rejected" in done.err
    assert "50 x The type 'x.0' is not known. (first: -, line 1)" in done.err


def test_control_characters_of_an_input_do_not_reach_the_terminal(hallway: Hallway) -> None:
    bad = json.dumps({"type": "clock.ticked", "id": "1", "at": "2026-03-09T11:00:00Z", "conference": "\x1b[2J"})
    assert "\x1b" not in hallway("replay", "-", stdin=bad.encode()).err


def test_blocks_are_whole_lines_and_bounded(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    content = b"".join(b"%d" % number * (number % 90) + b"\n" for number in range(9_000)) + b"y" * 200_000 + b"\nz"
    path.write_bytes(content)
    pieces = list(Input(str(path)).blocks())
    *blocks, long, last = pieces
    assert all(isinstance(one, Block) and len(one.data) <= 65_536 and one.data.endswith(b"\n") for one in blocks)
    assert isinstance(long, LongLine)
    assert (long.line, long.size) == (9_001, 200_000)
    assert last == Block(b"z", 9_002)
    joined = b"".join(one.data for one in blocks if isinstance(one, Block))
    assert joined + long.head + b"\nz" == content


@pytest.mark.parametrize("sign", ["\u200b", "\u200e", "\ufe0f", "\u202c", "!", "."])
def test_names_in_files_have_their_one_form(hallway: Hallway, log: Log, tmp_path: Path, sign: str) -> None:
    plain = Path(log(met_at_ten("ada", "bob")))
    odd = tmp_path / "odd.jsonl"
    text = plain.read_text()
    odd.write_text(text.replace('"x:ada"', json.dumps(f"twitter:\u202a@Ada{sign}")))
    assert odd.read_text() != text
    assert hallway("replay", odd).out == hallway("replay", plain).out != b""
