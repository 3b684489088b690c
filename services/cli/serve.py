"""``hallway serve``: Hallway in one process, no broker to install.

Owns: the options, and the few lines on the terminal. May never: log a key: a new one is printed once, to standard
output.
"""

import asyncio
import ipaddress
import os
import re
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from services.cli.connection_options import access_to, check_redis
from services.cli.summary import say
from services.inbox.redis.credentials import with_login
from services.usage_errors import UnusableError

# Of a path only what is the same in each form of an address: no empty step, none of dots, nothing to be coded.
_PUBLIC = re.compile(r"https?://([\w.-]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?(/(?!\.+(/|$))[A-Za-z0-9._~-]+)*/?")
_MOST_CONFERENCES = 10_000


def serve(
    *,
    data: Annotated[Path, Parameter(help="The folder for everything that is kept; made if it is not there.")] = Path(
        "hallway-data"
    ),
    host: Annotated[str, Parameter(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="The port to listen at; 0: a free one.")] = 8000,
    public_url: Annotated[str, Parameter(help="Where people find it, such as https://meet.example.org.")] = "",
    trusted_proxy: Annotated[
        list[str] | None,
        Parameter(
            negative=(),
            help="An address or network of a proxy whose X-Forwarded-For is believed, such as 127.0.0.1. Without it "
            "all who come through the proxy are counted as one.",
        ),
    ] = None,
    redis: Annotated[
        str | None, Parameter(help="A Redis or Valkey to use instead of the embedded one. Its password: docs/kafka.md.")
    ] = None,
    kafka: Annotated[
        str | None,
        Parameter(
            help="HOST:PORT of a Kafka to keep the log in, where `hallway work` matches and delivers. TLS and "
            "passwords: docs/kafka.md."
        ),
    ] = None,
    conferences: Annotated[
        int, Parameter(help="How many conferences one organizer may have open at once; ten times as many are stored.")
    ] = 20,
    print_organizer_key: Annotated[
        bool | None,
        Parameter(help="Make an organizer key and print it, then serve; by default where the data folder is new."),
    ] = None,
) -> int:
    """Take events, match people, and show them on a page: in one process, or beside the workers of a Kafka."""
    _checked(public_url, port, redis)
    if not 1 <= conferences <= _MOST_CONFERENCES:
        raise UnusableError(f"--conferences is a number from 1 to {_MOST_CONFERENCES:,}.")
    access = access_to(kafka) if kafka is not None else None
    _checked_host(host, public_url)
    proxies = [_network(text) for text in trusted_proxy or ()]
    from services.api.shared.bounds import Bounds
    from services.api.transport.json_logs import (
        to_stderr,  # the server's libraries: no other command should wait for them
    )
    from services.identity.account_reader import NetworkReader
    from services.server.composition import Running, Settings
    from services.server.composition import serve as serve_until_told

    to_stderr()

    def ready(parts: Running, address: str) -> None:
        say(f"Hallway serves at {address} (data in {data}). Ctrl-C ends it.", "bold")
        if access is not None and redis is None:
            say(f"Its inboxes are in a Redis of its own: hallway work delivery --redis {parts.redis_url}")
        if parts.is_new if print_organizer_key is None else print_organizer_key:
            _show_key(parts.organizer_key(), address)

    settings = Settings(
        data=data,
        host=host,
        port=port,
        public_url=public_url,
        redis_url=None if redis is None else with_login(redis, os.environ),
        kafka=access,
        trusted_proxies=tuple(proxies),
        reader=NetworkReader(),
        bounds=Bounds(open_conferences=conferences, stored_conferences=10 * conferences),
    )
    return asyncio.run(serve_until_told(settings, ready))


def _show_key(key: str, address: str) -> None:
    sys.stdout.write(f"Organizer key, shown this once; paste it at {address}/organizer :\n{key}\n")
    sys.stdout.flush()


def _checked_host(host: str, public_url: str) -> None:
    """Whoever lets others reach it has to say where they do: links lead there, and https makes the cookie secure."""
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local and not public_url:
        raise UnusableError(
            f"With --host {host} others can reach Hallway: say where, as --public-url https://meet.example.org, and "
            "have a proxy there that speaks https. Without --host it listens on this machine alone."
        )


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text)) if "/" in text else str(ipaddress.ip_address(text))
    except ValueError:
        raise UnusableError("--trusted-proxy is an address or a network, such as 172.18.0.0/16.") from None


def _checked(public_url: str, port: int, redis: str | None) -> None:
    if public_url and not _PUBLIC.fullmatch(public_url):
        raise UnusableError(
            "--public-url is an address such as https://meet.example.org or https://example.org/hallway: a host, "
            "and a port and a path where there are some; nothing else."
        )
    if not 0 <= port <= 65_535:
        raise UnusableError("--port is a number from 0 to 65535.")
    if redis is not None:
        check_redis(redis)
