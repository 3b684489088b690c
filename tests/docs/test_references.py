"""Links, files, tests and make targets that a document names exist, and no document contains a path of one machine."""

import ast
import re
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from urllib.parse import urlparse

import pytest

from tests.docs.documents import DOCUMENTS, ROOT, anchors, code, links, name

HOSTS = {"keepachangelog.com", "semver.org"}
PICTURES = sorted((ROOT / "docs" / "pictures").iterdir())
_FOLDERS = ("schemas", "streams", "services", "tests", "docs")
_PATH = re.compile(rf"(?:{'|'.join(_FOLDERS)})/[\w./\-]*")
_MODULE = re.compile(r"\w+\.py")
_TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
_MACHINE = re.compile(r"(?<![\w.:/])(?:/(?:work|home|root|tmp|usr|opt|var|etc|srv|mnt|Users)\b|[A-Z]:\\|file://)")
_MAKE = re.compile(r"make ([a-z]+)")

every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=name)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _functions(path: Path) -> frozenset[str]:
    nodes = ast.walk(ast.parse(_text(path)))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@cache
def _modules() -> frozenset[str]:
    return frozenset(path.name for folder in _FOLDERS for path in (ROOT / folder).rglob("*.py"))


@every_document
def test_links_resolve(path: Path) -> None:
    for link in links(_text(path)):
        parts = urlparse(link)
        if parts.scheme:
            assert parts.hostname in HOSTS, link
            continue
        target = (path.parent / parts.path).resolve() if parts.path else path
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        if parts.fragment:
            assert parts.fragment in anchors(_text(target)), link


@every_document
def test_named_files_exist(path: Path) -> None:
    for piece in code(_text(path)):
        if _PATH.fullmatch(piece):
            assert (ROOT / piece).exists(), piece
        elif _MODULE.fullmatch(piece):
            assert piece in _modules(), piece


@every_document
def test_named_tests_exist(path: Path) -> None:
    for file, function in _TEST.findall(_text(path)):
        assert (ROOT / file).is_file(), file
        assert function in _functions(ROOT / file), f"{file}::{function}"


def test_the_guarantees_name_tests() -> None:
    assert len(set(_TEST.findall(_text(ROOT / "docs" / "guarantees.md")))) >= 20


@every_document
def test_make_targets_in_prose_exist(path: Path) -> None:
    makefile = _text(ROOT / "Makefile")
    for piece in code(_text(path)):
        target = _MAKE.fullmatch(piece)
        if target:
            assert re.search(rf"^{target[1]}:", makefile, re.MULTILINE), piece


@every_document
def test_no_document_contains_a_machine_path(path: Path) -> None:
    assert not _MACHINE.findall(_text(path))


@pytest.mark.parametrize("path", [path for path in PICTURES if path.suffix == ".svg"], ids=name)
def test_a_picture_is_valid_described_and_loads_nothing(path: Path) -> None:
    root = ET.fromstring(_text(path))  # noqa: S314  # our own file
    tags = [element.tag.partition("}")[2] for element in root.iter()]
    assert {"title", "desc"} <= set(tags)
    assert not {"script", "image", "foreignObject"} & set(tags)
    assert "prefers-color-scheme: dark" in _text(path)
    assert not re.search(r"url\(|href=", _text(path))


@pytest.mark.parametrize("path", [path for path in PICTURES if path.suffix == ".svg"], ids=name)
def test_files_named_in_a_picture_exist(path: Path) -> None:
    words = re.findall(r"[\w./\-]+", " ".join(ET.fromstring(_text(path)).itertext()))  # noqa: S314  # our own file
    for word in words:
        if _PATH.fullmatch(word):
            assert (ROOT / word).exists(), word
        elif _MODULE.fullmatch(word):
            assert word in _modules(), word


@pytest.mark.parametrize("path", [path for path in PICTURES if path.suffix != ".svg"], ids=name)
def test_a_screenshot_is_small_and_has_alt_text(path: Path) -> None:
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert path.stat().st_size < 150_000
    shown = re.compile(rf"!\[[^\]]{{30,}}\]\([^)]*{re.escape(path.name)}\)")
    assert any(shown.search(_text(document)) for document in DOCUMENTS)
