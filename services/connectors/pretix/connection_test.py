"""Tries whether a pretix can be read with an organizer's settings, step by step, in words."""

from services.connectors.port import Check, Choice, NeedsAttentionError, SourceUnavailableError, TestReport
from services.connectors.pretix.client import PretixClient
from services.connectors.pretix.config import PretixConfig
from services.connectors.pretix.payloads import Event, Named

MOST_LISTS, MOST_PAGES = 200, 10


async def try_connection(client: PretixClient, config: PretixConfig) -> TestReport:
    """What works, and what a person has to change. It stops at the first thing that does not."""
    checks: list[Check] = []
    choices: list[Choice] = []
    try:
        event = await client.one(Event, "/")
        if event is None:
            raise NeedsAttentionError("pretix does not know this organizer or event, or the token may not see it.")
        checks.append(Check(f"pretix accepts the token. The event is {_name_of(event)}.", is_good=True))
        choices = await _lists(client)
        known = {choice.id for choice in choices}
        missing = [each.list for each in config.lists if str(each.list) not in known]
        checks += [Check(f"There is no check-in list {number} in this event.", is_good=False) for number in missing]
        await _may_read(client, "/orders/")
        checks.append(Check("Tickets can be read.", is_good=True))
        await _may_read(client, "/checkins/")
        checks.append(Check("Check-ins can be read.", is_good=True))
    except (NeedsAttentionError, SourceUnavailableError) as error:
        checks.append(Check(str(error), is_good=False))
    return TestReport(tuple(checks), {"list": tuple(choices)})


async def _lists(client: PretixClient) -> list[Choice]:
    found: list[Choice] = []
    async for rows in client.rows(Named, "/checkinlists/", MOST_PAGES):
        found += [Choice(str(row.id), row.name[:200]) for row in rows]
        if len(found) >= MOST_LISTS:
            break
    return found[:MOST_LISTS]


async def _may_read(client: PretixClient, path: str) -> None:
    async for _ in client.pages(path, {"page_size": "1"}):
        return


def _name_of(event: Event) -> str:
    name = event.name if isinstance(event.name, str) else event.name.get("en") or next(iter(event.name.values()), "")
    return (name or event.slug)[:200]
