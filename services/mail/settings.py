"""The mail server's settings, from ``--smtp``, ``--mail-from`` and the environment.

HALLWAY_SMTP_USER           the user; without it Hallway does not log in
HALLWAY_SMTP_PASSWORD_FILE  a file with the user's password in one line
HALLWAY_SMTP_CA_FILE        a PEM file with the authority that signed the server's certificate; by default the system's

Invariants:
- The password is in a file: other users of the machine can read a command line. It is in no ``repr`` and no log.
- Nothing goes to another machine in clear text: ``smtp://`` requires STARTTLS, ``smtps://`` is TLS from the start, and
  ``smtp+clear://`` is for this machine alone.
"""

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from services.password_files import read_password
from services.usage_errors import UnusableError

USER, PASSWORD_FILE, CA_FILE = "HALLWAY_SMTP_USER", "HALLWAY_SMTP_PASSWORD_FILE", "HALLWAY_SMTP_CA_FILE"
Tls = Literal["implicit", "starttls", "none"]
_SCHEMES: dict[str, tuple[Tls, int]] = {
    "smtps": ("implicit", 465),
    "smtp": ("starttls", 587),
    "smtp+clear": ("none", 25),
}
_EXAMPLE = "smtp://mail.example.org:587, smtps://mail.example.org or smtp+clear://127.0.0.1:25"
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")  # RFC 5322's dot-atom
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"({_LABEL}\.)+(?=[A-Za-z])(?![A-Za-z]\Z){_LABEL}")
_DOMAIN_CHARS = 253
# Names that no public server has (RFC 6761, 6762, 8375, 9476): mail from there is refused, and cannot be answered.
_NOT_PUBLIC = frozenset(
    {"alt", "arpa", "example", "internal", "invalid", "lan", "local", "localdomain", "localhost", "onion", "test"}
)


class SmtpSettings(Struct, frozen=True, kw_only=True):
    """``sender``: the address that mail comes from. ``user``: empty where there is no login."""

    host: str
    port: int
    tls: Tls
    sender: str
    user: str = ""
    password: str = ""
    ca_file: str = ""

    @property
    def domain(self) -> str:
        """The sender's domain."""
        return self.sender.rpartition("@")[2]

    def __repr__(self) -> str:
        """Without the user and the password."""
        return f"SmtpSettings({self.host}:{self.port}, {self.tls})"


def read_settings(url: str, sender: str, environment: Mapping[str, str]) -> SmtpSettings:
    """The settings. UnusableError: one of them cannot be used; what to do instead."""
    tls, host, port = _server(url)
    if not is_address(sender) or sender.rpartition(".")[2].lower() in _NOT_PUBLIC:
        raise UnusableError(
            "--mail-from is the address that sign-in links come from, in a domain of yours that the mail server may "
            "send for, such as hallway@meet.example.org."
        )
    user, file, ca_file = (environment.get(name, "") for name in (USER, PASSWORD_FILE, CA_FILE))
    if user and not file:
        raise UnusableError(f"{USER} is set, but {PASSWORD_FILE} is not. Set it to the file with the user's password.")
    if ca_file and not Path(ca_file).is_file():
        raise UnusableError(f"{CA_FILE}: there is no file {ca_file}.")
    password = read_password(Path(file), PASSWORD_FILE) if user else ""
    return SmtpSettings(host=host, port=port, tls=tls, sender=sender, user=user, password=password, ca_file=ca_file)


def is_address(text: str) -> bool:
    """Whether it is an address in plain ASCII, with a domain of several labels, that needs no quotes in a header."""
    local, _, domain = text.rpartition("@")
    return bool(
        text.isascii()
        and len(local) <= 64
        and _LOCAL_PART.fullmatch(local)
        and len(domain) <= _DOMAIN_CHARS
        and _DOMAIN.fullmatch(domain)
    )


def _server(url: str) -> tuple[Tls, str, int]:
    unusable = UnusableError(f"--smtp is the mail server's address, such as {_EXAMPLE}. It names no user: set {USER}.")
    try:
        parts: SplitResult = urlsplit(url)
        port = parts.port
    except ValueError:
        raise unusable from None
    host = parts.hostname or ""
    extra = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in _SCHEMES or not re.fullmatch(r"[A-Za-z0-9.:-]+", host) or extra or port == 0:
        raise unusable
    tls, usual_port = _SCHEMES[parts.scheme]
    if tls == "none" and not _is_loopback(host):
        raise UnusableError(
            "smtp+clear:// sends in clear text, sign-in links and the password too, so it is for this machine alone "
            f"(127.0.0.1). For {host} use smtp:// (STARTTLS) or smtps://."
        )
    return tls, host, port or usual_port


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
