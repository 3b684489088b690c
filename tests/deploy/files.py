"""The files of the deployment as data.

Owns: reading them, with the variables that they ask for. May never: change one.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
GIVEN = {"HALLWAY_CLUSTER_ID": "MkU3OEVBNTcwNTJENDM2Qk"}
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
_NAME = re.compile(r"\b(hallway_\w+|process_\w+|up)\b")


def compose_text(given: dict[str, str] = GIVEN) -> str:
    """The compose file with its variables put in. KeyError for one that is needed and not given."""

    def value(found: re.Match[str]) -> str:
        name, kind, rest = found[1], found[2], found[3]
        return given.get(name, rest) if kind == "-" else given[name]

    return _VARIABLE.sub(value, (ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def compose() -> dict[str, Any]:
    """The compose file."""
    found: dict[str, Any] = yaml.safe_load(compose_text())
    return found


def services() -> dict[str, dict[str, Any]]:
    """Its services."""
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], line.partition(" ")[2]) for line in lines]


def dashboards() -> Iterator[tuple[str, dict[str, Any]]]:
    """By name."""
    for path in sorted((DEPLOY / "grafana" / "dashboards").glob("*.json")):
        yield path.name, json.loads(path.read_text(encoding="utf-8"))


def series(dashboard: dict[str, Any]) -> set[str]:
    """The names of the series that a dashboard asks for."""
    return {
        name for panel in dashboard["panels"] for target in panel["targets"] for name in _NAME.findall(target["expr"])
    }
