"""``hallway keys``: keys for organizers, connectors and operators, in a data folder or through a running server.

Invariants: it never opens the folder of a running server (the lock prevents it), prints no secret but a new one, and
never creates an operator's key over HTTP.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec
from cyclopts import App, Parameter

from schemas.times import format_time
from services.cli.logs.summary import say
from services.cli.operator.server_client import KEY, ask
from services.directory.port import KEY_DAYS
from services.directory.sqlite import SqliteDirectory
from services.journal import JournalError, JournalLockedError
from services.journal.data_folder import DataFolder
from services.usage_errors import UnusableError

app = App(name="keys", help="Create, list and revoke keys of organizers, connectors and operators.")

Data = Annotated[Path, Parameter(help="The data folder of a server that is not running.")]
Server = Annotated[str | None, Parameter(help=f"The address of a running server; needs an operator's key in {KEY}.")]
FOLDER = Path("hallway-data")


@contextmanager
def directory_of(data: Path, *, make: bool = False) -> Iterator[SqliteDirectory]:
    """The directory in a data folder, under the folder's lock."""
    if not make and not data.is_dir():
        raise UnusableError(
            f"The data folder {data} does not exist. Choose one with --data, or a running server with --url."
        )
    try:
        folder = DataFolder(data)
    except JournalLockedError as error:
        raise UnusableError(f"{error} Or use that server: --url, with an operator's key in {KEY}.") from None
    except JournalError as error:
        raise UnusableError(str(error)) from None
    try:
        directory = SqliteDirectory(data / "directory", lambda: time.time_ns() // 1_000_000)
        try:
            yield directory
        finally:
            directory.close()
    finally:
        folder.release()


@app.command
def add(
    role: Annotated[Literal["organizer", "connector", "operator"], Parameter(help="The role of the key.")],
    name: Annotated[str, Parameter(help="The id of its holder; a connector's events get the source connector:ID.")],
    *,
    conference: Annotated[
        tuple[str, ...],
        Parameter(help="A conference it is valid for; can be repeated. For organizers: besides their own."),
    ] = (),
    checkins: Annotated[
        bool, Parameter(negative=(), help="A connector that sends check-ins at these conferences.")
    ] = False,
    days: Annotated[int, Parameter(help="How many days it is valid.")] = KEY_DAYS,
    data: Data = FOLDER,
    url: Server = None,
) -> int:
    """Create a key and print it, once."""
    if url is not None:
        if role == "operator":
            raise UnusableError(
                "An operator's key can only be created in the data folder: stop the server, then use --data."
            )
        body = {"role": role, "id": name, "conferences": conference, "checkins": checkins, "days": days}
        secret = ask(url, "POST", "/v1/keys", body)["secret"]
    else:
        try:
            with directory_of(data, make=True) as directory:
                secret = directory.keys.issue_key(role, name, conference, checkins=checkins, days=days)
        except ValueError as error:
            raise UnusableError(str(error)) from None
    say("The key, shown this once. Revoke it by the part after `hw.key.`", "bold")
    sys.stdout.write(f"{secret}\n")
    return 0


@app.command(name="list")
def list_all(*, data: Data = FOLDER, url: Server = None) -> int:
    """List all keys as JSONL, without their secrets."""
    for key in _of_server(url) if url is not None else _of_folder(data):
        sys.stdout.write(msgspec.json.encode(key).decode() + "\n")
    return 0


def _of_server(url: str) -> Iterator[Any]:
    after: str | None = ""
    while after is not None:
        page = ask(url, "GET", "/v1/keys", params={"after": after})
        yield from page["keys"]
        after = page["next"]


def _of_folder(data: Path) -> Iterator[Any]:
    with directory_of(data) as directory:
        after = ""
        while rows := directory.keys.page(after):
            for row in rows:
                grant = row.grant
                yield {
                    "key": grant.id,
                    "role": grant.role,
                    "id": grant.subject,
                    "conferences": grant.conferences,
                    "checkins": grant.checkins,
                    "made_at": format_time(row.made),
                    "expires_at": format_time(grant.expires),
                    "last_used_at": None if row.last_used is None else format_time(row.last_used),
                    "revoked": row.revoked,
                }
            after = rows[-1].grant.id


@app.command
def revoke(
    key: Annotated[str, Parameter(help="The public id, as in the list.")], *, data: Data = FOLDER, url: Server = None
) -> int:
    """Revoke a key, and end its sessions."""
    if url is not None:
        ask(url, "DELETE", f"/v1/keys/{quote(key, safe='')}")
    else:
        with directory_of(data) as directory:
            if not directory.keys.revoke(key):
                raise UnusableError(f"There is no key {key}, or it is revoked already. See `hallway keys list`.")
    say(f"{key} is revoked.")
    return 0
