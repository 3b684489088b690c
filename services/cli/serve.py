"""``hallway serve``: Hallway in one process, without a broker to install.

Invariants: a key is never logged; a new one is printed once, to standard output.
"""

import asyncio
import ipaddress
import os
import re
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from cyclopts import Parameter

from services.cli.connection_options import access_for, check_redis
from services.cli.logs.summary import say
from services.inbox.redis.credentials import add_login
from services.usage_errors import UnusableError

# The path must look the same in every encoding: no empty or dot segments, no characters to be escaped.
_PUBLIC = re.compile(r"https?://([\w.-]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?(/(?!\.+(/|$))[A-Za-z0-9._~-]+)*/?")
_MAX_CONFERENCES = 10_000


def serve(
    *,
    data: Annotated[Path, Parameter(help="The data folder; created if it does not exist.")] = Path("hallway-data"),
    host: Annotated[str, Parameter(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="The port to listen on; 0: a free one.")] = 8000,
    public_url: Annotated[str, Parameter(help="The public address, such as https://meet.example.org.")] = "",
    trusted_proxy: Annotated[
        list[str] | None,
        Parameter(
            negative=(),
            help="An address or network of a proxy whose X-Forwarded-For is trusted, such as 127.0.0.1. Without it "
            "all clients behind the proxy count as one.",
        ),
    ] = None,
    redis: Annotated[
        str | None, Parameter(help="A Redis or Valkey to use instead of the embedded one. Its password: docs/kafka.md.")
    ] = None,
    kafka: Annotated[
        str | None,
        Parameter(
            help="HOST:PORT of a Kafka for the log, where `hallway work` matches and delivers. TLS and "
            "passwords: docs/kafka.md."
        ),
    ] = None,
    conferences: Annotated[
        int, Parameter(help="How many conferences one organizer may have open at once; ten times as many are stored.")
    ] = 20,
    allow_private_host: Annotated[
        list[str] | None,
        Parameter(
            negative=(),
            help="HOST:PORT of a ticket shop in your own network that organizers' connectors may read, also without "
            "https. All others must be public.",
        ),
    ] = None,
    print_organizer_key: Annotated[
        bool | None,
        Parameter(help="Create an organizer key and print it, then serve; by default if the data folder is new."),
    ] = None,
) -> int:
    """Take events, match people, and show them on a page: in one process, or beside the workers of a Kafka."""
    _check_options(public_url, port, redis)
    if not 1 <= conferences <= _MAX_CONFERENCES:
        raise UnusableError(f"--conferences is a number from 1 to {_MAX_CONFERENCES:,}.")
    access = access_for(kafka) if kafka is not None else None
    _check_host(host, public_url)
    private_hosts = tuple([_host_and_port(text) for text in allow_private_host or ()])
    proxies = [_network(text) for text in trusted_proxy or ()]
    from services.api.shared.bounds import Bounds
    from services.api.transport.json_logs import (
        to_stderr,  # imported here: no other command should wait for the server's libraries
    )
    from services.identity.account_reader import NetworkReader
    from services.server.composition import RunningServer, Settings
    from services.server.composition import serve as run_server

    to_stderr()

    def ready(parts: RunningServer, address: str) -> None:
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
        redis_url=None if redis is None else add_login(redis, os.environ),
        kafka=access,
        trusted_proxies=tuple(proxies),
        private_hosts=private_hosts,
        reader=NetworkReader(),
        bounds=Bounds(open_conferences=conferences, stored_conferences=10 * conferences),
    )
    return asyncio.run(run_server(settings, ready))


def _show_key(key: str, address: str) -> None:
    sys.stdout.write(f"Organizer key, shown this once; paste it at {address}/organizer :\n{key}\n")
    sys.stdout.flush()


def _check_host(host: str, public_url: str) -> None:
    """Requires a public address unless it only listens on loopback: links lead there, and https secures the cookie."""
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local and not public_url:
        raise UnusableError(
            f"With --host {host} others can reach Hallway. Set its public address, such as --public-url "
            "https://meet.example.org, and run an https proxy there. Without --host it only listens on this machine."
        )


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text)) if "/" in text else str(ipaddress.ip_address(text))
    except ValueError:
        raise UnusableError("--trusted-proxy is an address or a network, such as 172.18.0.0/16.") from None


def _host_and_port(text: str) -> str:
    try:
        parts = urlsplit(f"//{text}")
        if parts.hostname and parts.port and parts.netloc == text and "@" not in text:
            return f"{parts.hostname}:{parts.port}"
    except ValueError:
        pass
    raise UnusableError("--allow-private-host is a host and its port, such as pretix.internal:443.")


def _has_port(address: str) -> bool:
    """Whether its port, if it names one, can be one."""
    try:
        return urlsplit(address).port != 0
    except ValueError:
        return False


def _check_options(public_url: str, port: int, redis: str | None) -> None:
    if public_url and not (_PUBLIC.fullmatch(public_url) and _has_port(public_url)):
        raise UnusableError(
            "--public-url is an address such as https://meet.example.org or https://example.org/hallway: a host, "
            "and a port and a path where there are some; nothing else."
        )
    if not 0 <= port <= 65_535:
        raise UnusableError("--port is a number from 0 to 65535.")
    if redis is not None:
        check_redis(redis)
