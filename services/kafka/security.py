"""How to log in to a Kafka: TLS, a user and a password, from the environment only.

Responsibility: the settings' names, and plain words for what is wrong with them.
Invariants: a password never appears in an error, a log line or a repr, and is never taken from the command line or an
environment variable, which other users of the machine can read.

    HALLWAY_KAFKA_SECURITY       TLS, SASL_TLS (TLS and a password), SASL (only a password); unset: neither
    HALLWAY_KAFKA_CA             the authority that signed the brokers' certificates, PEM; unset: the system's
    HALLWAY_KAFKA_CERTIFICATE    our own certificate and its key, PEM, if the brokers ask for one
    HALLWAY_KAFKA_KEY
    HALLWAY_KAFKA_MECHANISM      SCRAM-SHA-512 (the default), SCRAM-SHA-256 or PLAIN
    HALLWAY_KAFKA_USER
    HALLWAY_KAFKA_PASSWORD_FILE  a file with the password in one line
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.usage_errors import UnusableError

ENV_PREFIX = "HALLWAY_KAFKA_"
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
_TLS_SETTINGS = ("CA", "CERTIFICATE", "KEY")
_SASL_SETTINGS = ("MECHANISM", "USER", "PASSWORD_FILE")
_KINDS = {"TLS": _TLS_SETTINGS, "SASL_TLS": _TLS_SETTINGS + _SASL_SETTINGS, "SASL": _SASL_SETTINGS}
_MOST_BYTES = 4_096  # of a password


@dataclass(frozen=True, slots=True)
class Login:
    """The user and password of this process."""

    mechanism: str
    user: str
    password: str = field(repr=False)

    def faust_credentials(self) -> tuple[str, str, str]:
        """The arguments for Faust's SASL credentials."""
        return self.mechanism, self.user, self.password


@dataclass(frozen=True, slots=True)
class Security:
    """``tls``: the context of every connection; None: no TLS."""

    tls: ssl.SSLContext | None = None
    login: Login | None = None

    def client_settings(self) -> dict[str, Any]:
        """The keyword arguments for aiokafka's clients and connections."""
        settings: dict[str, Any] = {"ssl_context": self.tls}
        settings["security_protocol"] = ("SASL_" if self.login else "") + ("SSL" if self.tls else "PLAINTEXT")
        if self.login is not None:
            settings["sasl_mechanism"] = self.login.mechanism
            settings |= {"sasl_plain_username": self.login.user, "sasl_plain_password": self.login.password}
        return settings


def read_security(environment: Mapping[str, str]) -> Security:
    """Reads the environment. UnusableError: a setting cannot be used."""
    given = {
        name.removeprefix(ENV_PREFIX): value
        for name, value in environment.items()
        if name.startswith(ENV_PREFIX) and value
    }
    kind = given.pop("SECURITY", "")
    if kind not in _KINDS and (kind or given):
        name = (
            f"{ENV_PREFIX}SECURITY is {kind}, none of"
            if kind
            else f"{ENV_PREFIX}{min(given)} is set, but {ENV_PREFIX}SECURITY not:"
        )
        raise UnusableError(f"{name} {', '.join(_KINDS)}.")
    useless = given.keys() - set(_KINDS.get(kind, ()))
    if useless:
        known = ", ".join(ENV_PREFIX + name for name in _KINDS[kind])
        raise UnusableError(
            f"{ENV_PREFIX}{min(useless)} says nothing with {ENV_PREFIX}SECURITY={kind}; what does: {known}."
        )
    tls = _context(given) if "TLS" in kind else None
    login = _login(given) if "SASL" in kind else None
    if login is not None and login.mechanism == "PLAIN" and tls is None:
        raise UnusableError("PLAIN sends the password unencrypted. Use SASL_TLS, or a SCRAM mechanism.")
    return Security(tls, login)


def _context(given: Mapping[str, str]) -> ssl.SSLContext:
    ca, certificate, key = (given.get(name) for name in _TLS_SETTINGS)
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:  # also raised if it is not a certificate
        raise UnusableError(f"{ENV_PREFIX}CA: {ca} cannot be read as certificates ({_reason(error)}).") from None
    if (certificate is None) != (key is None):
        raise UnusableError(f"{ENV_PREFIX}CERTIFICATE and {ENV_PREFIX}KEY belong together; set both.")
    if certificate is not None:
        try:
            context.load_cert_chain(certificate, key, password=_empty_passphrase)
        except OSError as error:
            raise UnusableError(
                f"{ENV_PREFIX}CERTIFICATE and {ENV_PREFIX}KEY: {certificate} and {key} must be a certificate and its "
                f"key, both PEM, the key not encrypted ({_reason(error)})."
            ) from None
    return context


def _empty_passphrase() -> str:
    return ""  # or OpenSSL prompts at the terminal


def _login(given: Mapping[str, str]) -> Login:
    mechanism = given.get("MECHANISM", MECHANISMS[0])
    if mechanism not in MECHANISMS:
        raise UnusableError(f"{ENV_PREFIX}MECHANISM is {mechanism}, none of {', '.join(MECHANISMS)}.")
    missing = [ENV_PREFIX + name for name in ("USER", "PASSWORD_FILE") if name not in given]
    if missing:
        raise UnusableError(f"{ENV_PREFIX}SECURITY with SASL needs {' and '.join(missing)}.")
    path = Path(given["PASSWORD_FILE"])
    try:
        with path.open("rb") as file:
            password = file.read(_MOST_BYTES + 1).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableError(f"{ENV_PREFIX}PASSWORD_FILE: {path} cannot be read ({_reason(error)}).") from None
    if not password or "\n" in password or len(password) > _MOST_BYTES:
        raise UnusableError(f"{ENV_PREFIX}PASSWORD_FILE: {path} has no password, in one line.")
    return Login(mechanism, given["USER"], password)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
