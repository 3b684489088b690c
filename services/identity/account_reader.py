"""Reads public posts to prove accounts: each supported network by its API, for others a hint what to do instead.

Invariants: accounts and what they show are neither logged nor stored.
"""

from collections.abc import Awaitable, Callable

import structlog

from services.directory.port import PublicProfile
from services.identity import bluesky, mastodon
from services.identity.http_client import Fetcher, Unreadable

_log = structlog.get_logger("hallway.networks")

_READ: dict[
    str, tuple[Callable[[str], str | None], Callable[[Fetcher, str], Awaitable[PublicProfile | Unreadable]]]
] = {
    bluesky.NETWORK: (bluesky.handle_fault, bluesky.read_profile),
    "mastodon": (mastodon.handle_fault, mastodon.read_profile),
}
_INSTEAD = (
    "Add an account that can be proved, such as bsky:ada.bsky.social or mastodon:ada@example.social, or ask the "
    "organizer: a conference may count accounts as its attendees named them at the registration."
)
_PAID = f"X charges for reading posts, so Hallway cannot look for a code there. {_INSTEAD}"
_UNKNOWN = f"Hallway cannot read this network. {_INSTEAD}"


class NetworkReader:
    """Reads Bluesky and Mastodon over the public internet."""

    def __init__(self, fetcher: Fetcher | None = None) -> None:
        self._fetcher = fetcher or Fetcher()

    def refusal(self, account: str) -> str | None:
        """Why this account can never be read, and what to do instead; None where it can."""
        network, _, handle = account.partition(":")
        if network == "x":
            return _PAID
        if network not in _READ:
            return _UNKNOWN
        return _READ[network][0](handle)

    async def read(self, account: str) -> PublicProfile:
        """What the account shows. OSError where it cannot be read now."""
        assert self.refusal(account) is None
        network, _, handle = account.partition(":")
        found = await _READ[network][1](self._fetcher, handle)
        if isinstance(found, Unreadable):
            _log.info("account could not be read", network=network, reason=found.reason)
            raise ConnectionError(found.reason)
        return found
