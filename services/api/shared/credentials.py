"""Reads keys and session cookies from a request's headers and looks them up, before anything else is done for it.

Responsibility: extracting tokens from ``Authorization`` and the cookies, and authenticating each.
Invariants: a request with an invalid token is as unauthenticated as one without a token. Tokens are not stored, logged
or compared here.
Failure modes: the directory is unavailable: nobody is authenticated, and ``grant`` raises the error where it matters.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from litestar.connection import ASGIConnection

from services.directory.port import DirectoryError, Grant, Keys

# One each: an organizer is often an attendee too, in the same browser.
COOKIE, ORGANIZER_COOKIE = "hallway_session", "hallway_organizer"
_KEY = "key"
_UNREADABLE = "?"  # of another scheme than Bearer: no token


@dataclass(frozen=True, slots=True)
class Credentials:
    """``grants``: by where the token was found; None for an invalid one."""

    grants: Mapping[str, Grant | None] = field(default_factory=dict)
    error: DirectoryError | None = None

    @property
    def is_authenticated(self) -> bool:
        """Whether any token is valid."""
        return any(self.grants.values())

    @property
    def is_empty(self) -> bool:
        """Whether no token was sent at all."""
        return not self.grants

    @property
    def by_cookie(self) -> bool:
        """Whether they came as cookies, which a browser sends by itself."""
        return _KEY not in self.grants

    def grant(self, cookie: str) -> Grant | None:
        """The grant of the key, else of this cookie, else of the other cookie. Raises ``error`` where there is one."""
        if self.error is not None:
            raise self.error
        name = next((each for each in (_KEY, cookie, COOKIE, ORGANIZER_COOKIE) if each in self.grants), "")
        return self.grants.get(name)


async def credentials_of(scope: Any, keys: Keys) -> Credentials:
    """The credentials in a request's headers. Never raises."""
    tokens = _tokens(scope)
    if not tokens:
        return Credentials()
    try:
        return Credentials(await asyncio.to_thread(_authenticate, tokens, keys))
    except DirectoryError as error:
        return Credentials(dict.fromkeys(tokens), error)


def _authenticate(tokens: Mapping[str, str], keys: Keys) -> dict[str, Grant | None]:
    return {name: keys.authenticate(token) for name, token in tokens.items()}


def _tokens(scope: Any) -> dict[str, str]:
    connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope)
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme:
        return {_KEY: token.strip() if scheme.lower() == "bearer" else _UNREADABLE}
    cookies = connection.cookies
    return {name: cookies[name] for name in (COOKIE, ORGANIZER_COOKIE) if cookies.get(name)}
