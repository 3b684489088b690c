"""Validates the Redis address that an operator gives: what can never work is refused in one sentence, before the start.

Invariants: an error repeats nothing of the address, which may hold a password. Only the options in ``OPTIONS`` reach
the client library (others would lift the limits of ``connection``, or stop the server on connect).
"""

import re
import ssl
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qsl, urlsplit

TLS = "rediss"
SCHEMES = ("redis", TLS, "unix")
_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_VALUES = {"ssl_cert_reqs": ("required", "none"), "ssl_check_hostname": ("true", "false")}
OPTIONS = ("db", *_FILES, *_VALUES)
_HOST = re.compile(r"[\w.:%-]+")
_CODED = "in a user name or password write % as %25, # as %23, / as %2F, ? as %3F and @ as %40"


class RedisUrlError(ValueError):
    """What is wrong with the address, as the end of a sentence that starts with the option's name."""


def check(url: str) -> None:
    """RedisUrlError: no server can be reached by this address."""
    if any(sign.isspace() or not sign.isprintable() for sign in url):
        raise RedisUrlError("contains a blank or a line break; remove it.")
    if "#" in url:
        raise RedisUrlError(f"ends at its #: {_CODED}.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise RedisUrlError(
            f"cannot be read: its port is not a number up to 65535, or its host is not a name ({_CODED})."
        ) from None
    if parts.scheme not in SCHEMES:
        raise RedisUrlError(
            "is an address such as redis://127.0.0.1:6379; with TLS rediss://, for a socket unix:///run/redis.sock."
        )
    if parts.scheme == "unix":
        _check_socket(parts)
    else:
        _check_server(parts, port)
    _check_options(parts)


def _check_socket(parts: SplitResult) -> None:
    if parts.netloc.rpartition("@")[2] or not parts.path.startswith("/"):
        raise RedisUrlError("has no socket: it needs the absolute path, as unix:///run/redis.sock.")


def _check_server(parts: SplitResult, port: int | None) -> None:
    if not _HOST.fullmatch(parts.hostname or "") or port == 0:
        raise RedisUrlError(f"names no host, or no port, as redis://127.0.0.1:6379 does ({_CODED}).")
    path = parts.path.removeprefix("/")
    if path and not _is_number(path):
        raise RedisUrlError(f"has something other than a database number, such as /0, after the host ({_CODED}).")


def _check_options(parts: SplitResult) -> None:
    try:
        given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise RedisUrlError(f"has options that do not have the form ?name=value ({_CODED}).") from None
    names = [name for name, _ in given]
    if unknown := [name for name in names if name not in OPTIONS]:
        shown = unknown[0] if unknown[0].isidentifier() and len(unknown[0]) <= 40 and "@" not in parts.query else "one"
        raise RedisUrlError(f"has an unknown option ({shown}); known are: {', '.join(OPTIONS)}.")
    if len(set(names)) < len(names) or ("db" in names and parts.path.strip("/") and parts.scheme != "unix"):
        raise RedisUrlError("says something twice; give the database and each option once.")
    for name, value in given:
        _check_option(parts.scheme, name, value)
    _check_files(dict(given))


def _check_option(scheme: str, name: str, value: str) -> None:
    if name == "db":
        if not _is_number(value):
            raise RedisUrlError("has an option db that is not a number; databases are numbered from 0.")
    elif scheme != TLS:
        raise RedisUrlError(f"has the option {name}, which is for TLS: with it the address begins with rediss://.")
    elif name in _VALUES and value not in _VALUES[name]:
        raise RedisUrlError(f"has an option {name} that is not one of {', '.join(_VALUES[name])}.")


def _check_files(options: Mapping[str, str]) -> None:
    authority, certificate, key = (options.get(name) for name in _FILES)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if authority is not None:
            context.load_verify_locations(authority)
        if certificate is not None:
            context.load_cert_chain(certificate, key, password=lambda: "")  # it must not ask at a terminal
    except (OSError, ValueError):
        raise RedisUrlError(
            f"has a file that cannot be used: {', '.join(_FILES)} must be complete PEM files."
        ) from None
    if key is not None and certificate is None:
        raise RedisUrlError("has the option ssl_keyfile without ssl_certfile.")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def is_tls(url: str) -> bool:
    """Whether the connection is encrypted."""
    return urlsplit(url).scheme == TLS
