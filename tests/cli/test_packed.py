"""Packed inputs as tools write them: many parts, parts without data; what is not read is refused."""

import bz2
import gzip
import lzma
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from tests.cli.conftest import Hallway, Log
from tests.scenarios.story import Story

Pack = Callable[[bytes], bytes]


def _story() -> Story:
    return Story().open().people("ada", "bob").talk("x:ada", "x:bob").all_arrive("ada", "bob")


def _skippable(data: bytes, number: int = 0) -> bytes:
    return struct.pack("<II", 0x184D2A50 + number, len(data)) + data


def _pzstd(data: bytes) -> bytes:
    """Frames, each after one without data that says how long it is."""
    parts = [zstandard.compress(part) for part in _halves(data)]
    return b"".join(_skippable(struct.pack("<I", len(part))) + part for part in parts)


def _seekable(data: bytes) -> bytes:
    """Frames, and behind them a table of their sizes in one without data."""
    parts = [(zstandard.compress(part), len(part)) for part in _halves(data)]
    table = b"".join(struct.pack("<II", len(packed), size) for packed, size in parts)
    foot = struct.pack("<IBI", len(parts), 0, 0x8F92EAB1)
    return b"".join(packed for packed, _ in parts) + _skippable(table + foot, 14)


def _halves(data: bytes) -> list[bytes]:
    return [data[: len(data) // 2], data[len(data) // 2 :]]  # in the middle of a line


FORMS: dict[str, tuple[str, Pack]] = {
    "pzstd": (".zst", _pzstd),
    "seekable": (".zst", _seekable),
    "zstd, twice": (".zst", lambda data: b"".join(map(zstandard.compress, _halves(data)))),
    "gzip, twice": (".gz", lambda data: b"".join(map(gzip.compress, _halves(data)))),
    "bzip2": (".bz2", bz2.compress),
    "bzip2, twice": (".bz2", lambda data: b"".join(map(bz2.compress, _halves(data)))),
    "xz": (".xz", lzma.compress),
    "xz, twice and padded": (".xz", lambda data: b"\0\0\0\0".join(map(lzma.compress, _halves(data))) + b"\0" * 8),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("way", ["file", "other name", "standard input"])
def test_each_form_is_read_whichever_way_it_comes(
    hallway: Hallway, log: Log, tmp_path: Path, form: str, way: str
) -> None:
    plain = Path(log(_story()))
    suffix, pack = FORMS[form]
    packed = pack(plain.read_bytes())
    expected = hallway("replay", plain)
    assert expected.code == 0
    assert expected.out
    if way == "standard input":
        done = hallway("replay", "-", stdin=packed)
    else:
        path = tmp_path / f"packed{suffix if way == 'file' else '.log'}"
        path.write_bytes(packed)
        done = hallway("replay", path)
    assert (done.code, done.out, done.digest) == (0, expected.out, expected.digest)
    assert "rejected" not in done.err


@pytest.mark.parametrize("form", [form for form in FORMS if "padded" not in form and form != "seekable"])
def test_a_part_that_is_cut_ends_with_2(hallway: Hallway, log: Log, form: str) -> None:
    packed = FORMS[form][1](Path(log(_story())).read_bytes())
    done = hallway("replay", "-", stdin=packed[:-9])
    assert done.code == 2
    assert "Get a complete copy" in done.err


@pytest.mark.parametrize("suffix", [".bz2", ".xz", ".zst", ".gz"])
def test_garbage_behind_or_instead_of_a_part_ends_with_2(hallway: Hallway, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"log{suffix}"
    path.write_bytes(b"garbage that nobody packed\n" * 9)
    done = hallway("replay", path)
    assert (done.code, "Get a complete copy" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"\x04\x22\x4d\x18rest", "lz4"),
        (b"PK\x03\x04rest", "zip archive"),
        (b"7z\xbc\xaf\x27\x1crest", "7z"),
        (b"\x1f\x9drest", "compress"),
        (b"\xff\x06\x00\x00sNaPpYrest", "snappy"),
        (b"SQLite format 3\x00", "SQLite"),
        ('{"type":"clock.ticked"}\n'.encode("utf-16"), "UTF-16"),
    ],
)
def test_what_is_not_read_is_refused_by_name(hallway: Hallway, tmp_path: Path, head: bytes, words: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(head + b"\n" * 50)
    output = tmp_path / "out.jsonl"
    done = hallway("replay", path, "--output", output)
    assert (done.code, words in done.err, output.exists()) == (2, True, False)
    assert hallway("replay", "-", stdin=head + b"\n" * 50).code == 2


def test_memory_is_bounded_whatever_was_packed(hallway: Hallway, tmp_path: Path) -> None:
    """A line of 200 MB of zeros is one dead letter, not 200 MB of memory."""
    import resource

    path = tmp_path / "bomb.xz"
    path.write_bytes(lzma.compress(b"0" * 200_000_000, preset=0))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = hallway("replay", path)
    assert "1 line rejected" in done.err
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KB


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".bz2", ".xz"])
def test_what_is_exported_packed_is_read_again(hallway: Hallway, log: Log, tmp_path: Path, suffix: str) -> None:
    plain, packed = log(_story()), tmp_path / f"out{suffix}"
    assert hallway("export", plain, "--output", packed).code == 0
    assert packed.read_bytes() != Path(plain).read_bytes()
    assert hallway("replay", packed).digest == hallway("replay", plain).digest
