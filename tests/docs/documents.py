"""The documents of the project and what is in them.

Owns: reading Markdown as far as these tests need it. May never: run anything.
A ```console block holds commands after ``$ `` and what they print; ``…`` stands for what is left out: lines, where it
has a line of its own, or the rest of its line.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LEFT_OUT = "…"

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Command:
    """A command and the lines that the document shows of what it prints."""

    text: str
    shown: tuple[str, ...]


def name(path: Path) -> str:
    """A document as a test names it."""
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
    """The fenced blocks that are no console."""
    return [block for kind, block in _FENCED.findall(text) if kind != "console"]


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    return _FENCED.sub("", text)


def links(text: str) -> list[str]:
    """The targets of links and pictures."""
    return _LINK.findall(prose(text))


def code(text: str) -> list[str]:
    """What stands between backticks."""
    return _CODE.findall(prose(text))


def anchors(text: str) -> set[str]:
    """The names by which headings are linked."""
    found = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(prose(text)))
    return {heading.replace(" ", "-") for heading in found}
