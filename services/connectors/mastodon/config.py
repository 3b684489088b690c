"""An organizer's settings for Mastodon: which servers are read, and which of them are believed about others."""

from typing import Annotated

from msgspec import Meta, Struct

MOST_SERVERS = 5
TOKENS = ("token_a", "token_b", "token_c", "token_d", "token_e")  # of the servers, in their order

# Servers that are believed about the posts of other servers' people, which they have checked by signature. Any other
# server speaks for its own people alone, or an organizer could send invented posts; the operator may list more.
BELIEVED = frozenset(
    {
        "chaos.social",
        "fediscience.org",
        "fosstodon.org",
        "hachyderm.io",
        "infosec.exchange",
        "mas.to",
        "mastodon.online",
        "mastodon.social",
        "mastodon.world",
        "med-mastodon.com",
        "mstdn.social",
        "scholar.social",
        "social.coop",
        "techhub.social",
        "universeodon.com",
    }
)

ServerAddress = Annotated[str, Meta(max_length=300)]


class MastodonConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="mastodon"):
    """``servers``: their addresses, such as ``https://mastodon.social``. The token of the first is the secret
    ``token_a``, of the second ``token_b``, and so on."""

    servers: Annotated[tuple[ServerAddress, ...], Meta(min_length=1, max_length=MOST_SERVERS)]
