"""Tries whether a Mastodon server can be read with a token, step by step, in words."""

from services.connectors.mastodon.client import MastodonClient
from services.connectors.mastodon.stream import StreamUnavailableError, open_tags
from services.connectors.port import Check, NeedsAttentionError, SourceUnavailableError

_CLEAN = "Use an account for Hallway alone: what an account blocks, mutes or filters by language does not come."
_OWN_ALONE = (
    "Of posts at {name}, only those of its own people count. Add a large server for the others, or ask the operator to "
    "list this one."
)


async def try_server(client: MastodonClient, tag: str) -> list[Check]:
    """What works at one server, and what a person has to change. It stops where nothing more can work."""
    checks: list[Check] = []
    try:
        own = await client.own_name()
        checks.append(Check(f"{client.name} accepts the token of @{own}. {_CLEAN}", is_good=True))
        await client.page(tag)
        checks.append(Check(f"The timelines of {client.name} can be read.", is_good=True))
        checks.append(await _try_stream(client, tag))
        if not client.is_believed:
            checks.append(Check(_OWN_ALONE.format(name=client.name), is_good=True))
    except (NeedsAttentionError, SourceUnavailableError) as error:
        checks.append(Check(str(error), is_good=False))
    return checks


async def _try_stream(client: MastodonClient, tag: str) -> Check:
    """A server without a stream is good enough, one that refuses the token is not."""
    try:
        async with open_tags(client, (tag,)):
            return Check(f"Posts come from {client.name} at once.", is_good=True)
    except StreamUnavailableError as error:
        text = f"{error} Its timelines are read every half minute instead."
        return Check(text, is_good=error.status not in (401, 403))
