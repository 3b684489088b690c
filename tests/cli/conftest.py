"""Runs `hallway` in this process, with its streams captured. It only knows a command by its arguments and streams."""

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.cli.main import main
from tests.scenarios.story import Story

Json = dict[str, Any]


@dataclass
class Done:
    """What a command left."""

    code: int
    out: bytes
    err: str

    @property
    def rows(self) -> list[Json]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def digest(self) -> str:
        return next(line for line in self.err.splitlines() if line.startswith("digest "))


Hallway = Callable[..., Done]
Log = Callable[..., str]


@pytest.fixture
def hallway(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Hallway:
    def run(*arguments: object, stdin: bytes | None = None) -> Done:
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main([str(argument) for argument in arguments])
        captured = capsysbinary.readouterr()
        return Done(code, captured.out, captured.err.decode())

    return run


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """Writes a story's events into a file."""

    def write(story: Story, name: str = "log.jsonl") -> str:
        path = tmp_path / name
        path.write_bytes(lines(story))
        return str(path)

    return write


def lines(story: Story) -> bytes:
    """A story as JSONL."""
    return "".join(json.dumps(event) + "\n" for event in story.events).encode()


def rows(path: Path) -> list[Json]:
    """The objects of a JSONL file."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]
