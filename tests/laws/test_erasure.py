"""After an erasure nothing of the attendee is left in the state: no id, no account, no post."""

import json
import re
from collections.abc import Iterator

import pytest

from schemas.codec import Codec, Record
from streams.matching import Matcher
from streams.matching.snapshot import snapshot
from tests.histories.drawn import history
from tests.histories.steps import Json
from tests.laws.logs import match_id
from tests.scenarios.story import CONFERENCE

# An input's id is kept for a day as what caused a suggestion that fills somebody's budget, for ``caused_by`` must
# name it.
CAUSES = re.compile(rb'"cause":"[^"]*"')


def with_canaries(event: Json) -> Json:
    """The event with names that nothing else in a state looks like."""
    text = json.dumps(event)
    for number in range(8):
        text = text.replace(f'"p{number}"', f'"canary-person-{number}-"')
        text = text.replace(f'"x:{number}"', f'"x:canary-account-{number}-"')
    changed: Json = json.loads(text)
    if event["type"] == "activity.posted":
        changed["id"] = f"canary-post-{changed['id']}-of-{changed['actor']}"
    if event["type"] == "activity.deleted":
        changed["deleted"] = f"canary-post-{changed['deleted']}-of-{changed['actor']}"
    match = changed.get("match")
    if match is not None and not isinstance(match, str):
        changed["match"] = match_id(CONFERENCE, *match)
    return changed


def erasures(seed: int) -> Iterator[tuple[str, list[str], bytes]]:
    """Of each erasure in a history: the attendee, the accounts they had, and the state right after."""
    codec, matcher = Codec(), Matcher(CONFERENCE)
    for event in history(seed, 100):
        record = codec.decode(json.dumps(with_canaries(event)).encode())
        assert isinstance(record, Record), record
        attendee = getattr(record.event, "attendee", "")
        person = matcher.state.attendees.get(attendee)
        accounts = [matcher.state.accounts[number] for number in person.accounts] if person else []
        # What somebody else claims, too, stays in that one's claims; the evidence is gone all the same.
        owned = [account.text for account in accounts if set(account.claims) <= {attendee}]
        matcher.apply(record.event, record.at, record.recorded)
        if event["type"] == "attendee.erased" and matcher.state.opened:
            yield attendee, owned, CAUSES.sub(b"", snapshot(matcher))


@pytest.mark.parametrize("block", range(10))
def test_nothing_is_left_of_who_was_erased(block: int) -> None:
    seen = 0
    for seed in range(block * 60, block * 60 + 60):
        for attendee, owned, state in erasures(seed):
            for canary in (attendee, *owned, *(f"of-{account}" for account in owned)):
                assert canary.encode() not in state, f"{seed=}: {canary} is left"
            seen += bool(owned)
    assert seen > 10, "too few erasures of people with accounts to say much"
