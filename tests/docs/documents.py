"""Reads the project's documents: commands, links, code and headings, as far as the tests need them.

A ```console block holds commands after ``$ `` and what they print. ``…`` stands for omitted output: whole lines if it
is alone on a line, otherwise the rest of its line.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OMITTED = "…"

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Command:
    """A command, and the lines of its output that the document shows."""

    text: str
    shown: tuple[str, ...]


def name(path: Path) -> str:
    """The document's path in the repository, as a test id."""
    return str(path.relative_to(ROOT))


def commands(text: str) -> list[Command]:
    """The commands of all console blocks, in order."""
    found: list[Command] = []
    for kind, block in _FENCED.findall(text):
        if kind != "console":
            continue
        for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = piece.splitlines()
            found.append(Command(command, tuple(line for line in shown if line)))
    return found


def other_blocks(text: str) -> list[str]:
    """The fenced blocks other than console blocks."""
    return [block for kind, block in _FENCED.findall(text) if kind != "console"]


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    return _FENCED.sub("", text)


def links(text: str) -> list[str]:
    """The targets of links and images."""
    return _LINK.findall(prose(text))


def code(text: str) -> list[str]:
    """The texts between backticks."""
    return _CODE.findall(prose(text))


def anchors(text: str) -> set[str]:
    """The anchors of the headings."""
    found = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(prose(text)))
    return {heading.replace(" ", "-") for heading in found}
