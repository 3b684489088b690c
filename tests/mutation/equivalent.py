"""Survivors that no test can kill, each with the reason: the list in `equivalent.toml`.

Owns: telling whether a survivor is one of them. A mutant is known by its file, its function and its changed line, so
that the list outlives changes elsewhere.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cosmic_ray.work_item import WorkItem, WorkResult

from tests.mutation.mutants import spec_of

LIST = Path(__file__).with_suffix(".toml")


class Change(NamedTuple):
    """What a mutant changes: a line of a function (or of the module: "")."""

    file: str
    function: str
    before: str
    after: str


def change_of(item: WorkItem, result: WorkResult) -> Change:
    """The change that a tried mutant made."""
    spec = spec_of(item)
    lines = (result.diff or "").splitlines()
    before, after = (
        " | ".join(line[1:].strip() for line in lines if line.startswith(sign) and not line.startswith(sign * 3))
        for sign in "-+"
    )
    return Change(spec.module_path.name, spec.definition_name or "", before, after)


def reasons() -> dict[Change, str]:
    """Of each change that cannot be noticed, why."""
    return dict(_read(tomllib.loads(LIST.read_text(encoding="utf-8"))))


def _read(content: dict[str, list[dict[str, str | list[list[str]]]]]) -> Iterator[tuple[Change, str]]:
    for entry in content.get("equivalent", []):
        for file, function, before, after in entry["changes"]:
            yield Change(file, function, before, after), str(entry["reason"])
