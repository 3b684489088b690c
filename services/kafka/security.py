"""How a Kafka is entered: TLS, a user and a password, told by the environment alone.

Owns: the settings' names, and what is wrong with them in plain words. May never: show a password, in an error, a log
line or a repr, or take one from the command line or the environment, where others on the machine read it.

    HALLWAY_KAFKA_SECURITY       TLS, SASL_TLS (TLS and a password), SASL (a password alone); without it neither
    HALLWAY_KAFKA_CA             the authority that signed the brokers' certificates, PEM; without it the system's
    HALLWAY_KAFKA_CERTIFICATE    our own certificate and its key, PEM, where the brokers ask for one
    HALLWAY_KAFKA_KEY
    HALLWAY_KAFKA_MECHANISM      SCRAM-SHA-512 (as without), SCRAM-SHA-256 or PLAIN
    HALLWAY_KAFKA_USER
    HALLWAY_KAFKA_PASSWORD_FILE  a file with the password in one line
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.usage_errors import UnusableError

START = "HALLWAY_KAFKA_"
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
_OF_TLS = ("CA", "CERTIFICATE", "KEY")
_OF_SASL = ("MECHANISM", "USER", "PASSWORD_FILE")
_KINDS = {"TLS": _OF_TLS, "SASL_TLS": _OF_TLS + _OF_SASL, "SASL": _OF_SASL}
_MOST_BYTES = 4_096  # of a password


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are."""

    mechanism: str
    user: str
    password: str = field(repr=False)

    def of_faust(self) -> tuple[str, str, str]:
        """As a worker's app takes it."""
        return self.mechanism, self.user, self.password


@dataclass(frozen=True, slots=True)
class Security:
    """``tls``: the context of every connection; None: without TLS."""

    tls: ssl.SSLContext | None = None
    login: Login | None = None

    def of_clients(self) -> dict[str, Any]:
        """As aiokafka's clients and connections take it."""
        settings: dict[str, Any] = {"ssl_context": self.tls}
        settings["security_protocol"] = ("SASL_" if self.login else "") + ("SSL" if self.tls else "PLAINTEXT")
        if self.login is not None:
            settings["sasl_mechanism"] = self.login.mechanism
            settings |= {"sasl_plain_username": self.login.user, "sasl_plain_password": self.login.password}
        return settings


def security_of(environment: Mapping[str, str]) -> Security:
    """What the environment says. UnusableError where it cannot be used."""
    given = {name.removeprefix(START): value for name, value in environment.items() if name.startswith(START) and value}
    kind = given.pop("SECURITY", "")
    if kind not in _KINDS and (kind or given):
        name = (
            f"{START}SECURITY is {kind}, none of" if kind else f"{START}{min(given)} is set, but {START}SECURITY not:"
        )
        raise UnusableError(f"{name} {', '.join(_KINDS)}.")
    useless = given.keys() - set(_KINDS.get(kind, ()))
    if useless:
        known = ", ".join(START + name for name in _KINDS[kind])
        raise UnusableError(f"{START}{min(useless)} says nothing with {START}SECURITY={kind}; what does: {known}.")
    tls = _context(given) if "TLS" in kind else None
    login = _login(given) if "SASL" in kind else None
    if login is not None and login.mechanism == "PLAIN" and tls is None:
        raise UnusableError("PLAIN sends the password readable for everybody on the way: use SASL_TLS, or a SCRAM.")
    return Security(tls, login)


def _context(given: Mapping[str, str]) -> ssl.SSLContext:
    ca, certificate, key = (given.get(name) for name in _OF_TLS)
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:  # also what is no certificate
        raise UnusableError(f"{START}CA: {ca} cannot be read as certificates ({_reason(error)}).") from None
    if (certificate is None) != (key is None):
        raise UnusableError(f"{START}CERTIFICATE and {START}KEY belong together; set both.")
    if certificate is not None:
        try:
            context.load_cert_chain(certificate, key, password=_nobody_is_asked)
        except OSError as error:
            raise UnusableError(
                f"{START}CERTIFICATE and {START}KEY: {certificate} and {key} are not a certificate and its key, both "
                f"PEM, the key not encrypted ({_reason(error)})."
            ) from None
    return context


def _nobody_is_asked() -> str:
    return ""  # or OpenSSL asks at the terminal


def _login(given: Mapping[str, str]) -> Login:
    mechanism = given.get("MECHANISM", MECHANISMS[0])
    if mechanism not in MECHANISMS:
        raise UnusableError(f"{START}MECHANISM is {mechanism}, none of {', '.join(MECHANISMS)}.")
    missing = [START + name for name in ("USER", "PASSWORD_FILE") if name not in given]
    if missing:
        raise UnusableError(f"{START}SECURITY with SASL needs {' and '.join(missing)}.")
    path = Path(given["PASSWORD_FILE"])
    try:
        with path.open("rb") as file:
            password = file.read(_MOST_BYTES + 1).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableError(f"{START}PASSWORD_FILE: {path} cannot be read ({_reason(error)}).") from None
    if not password or "\n" in password or len(password) > _MOST_BYTES:
        raise UnusableError(f"{START}PASSWORD_FILE: {path} has no password, in one line.")
    return Login(mechanism, given["USER"], password)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
