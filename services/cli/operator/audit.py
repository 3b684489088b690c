"""``hallway audit``: the audit log of dead letters, from a data folder or a running server."""

import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from services.cli.operator.keys import FOLDER, Data, Server, directory_of
from services.cli.operator.server_client import ask
from services.directory.audit_log import shown


def audit(*, data: Data = FOLDER, url: Server = None) -> int:
    """Print the audit log as JSONL, oldest first: who looked into dead letters or sent them again, and when."""
    for entry in _of_server(url) if url is not None else _of_folder(data):
        sys.stdout.write(msgspec.json.encode(entry).decode() + "\n")
    return 0


def _of_server(url: str) -> Iterator[Any]:
    after: int | None = 0
    while after is not None:
        page = ask(url, "GET", "/v1/audit", params={"after": after})
        yield from page["entries"]
        after = page["next"]


def _of_folder(data: Data) -> Iterator[Any]:
    with directory_of(data) as directory:
        after = 0
        while entries := directory.audit.entries(after):
            yield from map(shown, entries)
            after = entries[-1].number
