"""A contract says all of its port: each method is called by it, and no part of a class hides a test of another."""

import inspect
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from services.directory import port as directory
from services.directory.port import PostReader
from services.journal import Journal
from tests.contract import test_directory, test_inboxes

CONTRACT = Path(__file__).parent
ELSEWHERE = {"close"}  # called by the fixtures


def methods(port: type) -> set[str]:
    """What a Protocol asks for itself."""
    return {name for name, value in vars(port).items() if callable(value) and not name.startswith("_")}


def protocols() -> list[type]:
    """The directory and its parts; a PostReader is somebody else's."""
    named = [getattr(directory, name) for name in directory.__all__]
    return [each for each in named if getattr(each, "_is_protocol", False) and each is not PostReader]


@pytest.mark.parametrize(
    ("ports", "sources"),
    [
        (protocols(), sorted((CONTRACT / "directory").glob("*.py"))),
        (
            [Journal],
            [CONTRACT / f"{name}.py" for name in ("test_log", "test_dead_letters", "test_snapshots", "stores")],
        ),
    ],
    ids=["directory", "journal"],
)
def test_each_method_of_the_port_is_called(ports: Sequence[type], sources: Sequence[Path]) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    asked = set().union(*map(methods, ports)) - ELSEWHERE
    assert len(asked) > 20
    assert [name for name in sorted(asked) if not re.search(rf"\.{name}\b", text)] == []


@pytest.mark.parametrize("contract", [test_directory.TestDirectory, test_inboxes.TestInboxes])
def test_no_part_hides_a_test_of_another(contract: type) -> None:
    names = Counter(name for part in contract.__bases__ for name, _ in inspect.getmembers(part) if "test_" in name)
    assert [name for name, count in names.items() if count > 1] == []
