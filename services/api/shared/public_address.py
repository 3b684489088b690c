"""The public address of this server, and the links and cookies that depend on it.

Invariants: all links, files and cookies are below the path of the public address.
"""

from urllib.parse import urlsplit

from litestar.datastructures import Cookie
from msgspec import Struct

from services.api.shared.credentials import COOKIE

_DAY_S = 86_400


class PublicAddress(Struct, frozen=True):
    """``url`` without a slash at its end, such as ``https://example.org/hallway``."""

    url: str

    @property
    def path(self) -> str:
        """The prefix of every path, "" or such as "/hallway"."""
        return urlsplit(self.url).path.rstrip("/")

    @property
    def is_secure(self) -> bool:
        """Whether clients connect by https."""
        return self.url.startswith("https://")

    def sign_in_link(self, secret: str) -> str:
        """The address of a sign-in link. The secret is in the fragment, which browsers send neither to a server nor in
        a Referer."""
        return f"{self.url}/welcome#{secret}"

    def cookie(self, token: str, days: int, name: str = COOKIE) -> Cookie:
        """A session's cookie, valid for this address and everything below it."""
        age_s = days * _DAY_S
        return Cookie(
            name,
            path=self.path or "/",
            value=token,
            max_age=age_s,
            httponly=True,
            secure=self.is_secure,
            samesite="lax",
        )

    def expired_cookie(self, name: str = COOKIE) -> Cookie:
        """A cookie that removes the session's."""
        return self.cookie("", 0, name)
