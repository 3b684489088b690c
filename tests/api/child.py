"""A server as tests compose it: in a process of its own, with a reader of posts that reads a file.

Owns: the fakes. It tells its address and an organizer's, a connector's and an operator's key in one line of JSON.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from services.admission.rate_limits import Rate
from services.api.shared.bounds import Bounds
from services.api.transport.json_logs import to_stderr
from services.cli.connection_options import access_for
from services.connectors.pretix import connector
from services.directory.port import PostReader, PublicProfile
from services.identity.account_reader import NetworkReader
from services.runtime import BusyError
from services.server.composition import RunningServer, Settings, serve
from services.usage_errors import UnusableError
from tests.identity.fake import on_loopback

OFTEN_S = 0.05  # an organizer's numbers: no test waits for a minute
WIDE = Rate(burst=1_000_000, per_minute=10_000_000)


class FileReader:
    """Shows what a JSON file says: account -> texts."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def refusal(self, account: str) -> str | None:
        """Every account can be read."""
        return None

    async def read(self, account: str) -> PublicProfile:
        """What stands there now."""
        found: dict[str, list[str]] = json.loads(self.path.read_text()) if self.path.exists() else {}
        return PublicProfile(tuple(found.get(account, ())))


class Cut:
    """A runner to which somebody's word never comes: translated, and not in the log. ``killed``: the process goes."""

    def __init__(self, runner: Any, whose: str, *, killed: bool) -> None:
        self._runner, self._whose, self._killed = runner, whose, killed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runner, name)

    async def take(self, items: Any, sender: str, first: int = 1) -> Any:
        """Never, from this sender."""
        if sender == self._whose:
            if self._killed:
                os.kill(os.getpid(), signal.SIGKILL)
            raise BusyError("the log is away")
        return await self._runner.take(items, sender, first)


def told(server: RunningServer, address: str, given: dict[str, Any]) -> None:
    for name in ("killed_by", "held_back"):
        if name in given:
            admission = server.parts.admission
            admission.runner = Cut(admission.runner, given[name], killed=name == "killed_by")  # type: ignore[assignment]
    keys = server.parts.directory.keys
    said = {
        "address": address,
        "organizer": keys.issue_key("organizer", "org-1"),
        "other_organizer": keys.issue_key("organizer", "org-2"),
        "connector": keys.issue_key("connector", "posts", checkins=False),
        "operator": keys.issue_key("operator", "root"),
    }
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def reader_of(given: dict[str, Any]) -> PostReader:
    """The file, or the real reader with every host of its networks at one port of this machine."""
    port = given.get("networks")
    return NetworkReader(on_loopback(port, fetch_s=30.0)) if port else FileReader(Path(given["posts"]))


def main(arguments: Sequence[str]) -> int:
    """``arguments``: what is given to the server, as JSON."""
    given = json.loads(arguments[0])
    to_stderr()
    connector.POLL_S = given.get("poll_s", connector.POLL_S)
    bounds = given.get("bounds", {})
    bounds.setdefault("overview_s", OFTEN_S)
    if "rates" not in bounds:
        bounds["rates"] = dict.fromkeys(Bounds().rates, WIDE)
    else:
        rates = Bounds().rates
        bounds["rates"] = rates | {name: Rate(*numbers, rates[name].what) for name, numbers in bounds["rates"].items()}
    settings = Settings(
        data=Path(given["data"]),
        port=given.get("port", 0),
        public_url=given.get("public_url", ""),
        redis_url=given.get("redis"),
        trusted_proxies=tuple(given.get("trusted", ())),
        private_hosts=tuple(given.get("private_hosts", ())),
        reader=reader_of(given),
        kafka=access_for(given["kafka"]) if "kafka" in given else None,
        kafka_prefix=given.get("prefix", ""),
        bounds=Bounds(**bounds),
    )
    try:
        return asyncio.run(serve(settings, partial(told, given=given)))
    except UnusableError as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
