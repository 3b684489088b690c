"""Survivors that no test can kill, each with the reason: the list in `equivalent.toml`.

Owns: telling whether a survivor is one of them. A mutant is known by its file, its function and its changed line, so
that the list outlives changes elsewhere.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cosmic_ray.work_item import WorkItem, WorkResult

from tests.mutation.mutants import spec_of

LIST = Path(__file__).with_suffix(".toml")


class Change(NamedTuple):
    """What a mutant is: a line of a function ("module" outside of all) as the mutant has it."""

    file: str
    function: str
    line: str


def change_of(item: WorkItem, result: WorkResult) -> Change:
    """The change that a tried mutant made."""
    spec = spec_of(item)
    return Change(spec.module_path.name, spec.definition_name or "module", changed_lines(result, "+"))


def changed_lines(result: WorkResult, sign: str) -> str:
    """The line that a mutant took away ("-") or brought ("+"), without its comment."""
    lines = [line for line in (result.diff or "").splitlines() if line.startswith(sign) and line[1:4] != sign * 2 + " "]
    return " | ".join(line[1:].partition("  #")[0].strip() for line in lines)


def reasons() -> dict[Change, str]:
    """Of each change that cannot be noticed, why."""
    return dict(_read(tomllib.loads(LIST.read_text(encoding="utf-8"))))


def _read(content: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[Change, str]]:
    for entry in content.get("equivalent", []):
        for line in entry["lines"]:
            function, _, changed = line.partition(": ")
            yield Change(entry["file"], function, changed), entry["reason"]
