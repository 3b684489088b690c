"""A router that is saved and restored at any moment routes as if nothing had happened."""

import random
from typing import Any

import msgspec
import pytest

from schemas.events import Input
from streams.routing import Router
from tests.routing.conftest import AT, CONSENT

ACCOUNTS = [f"x:{name}" for name in "abcde"]
TAGS = ["one", "two", "three"]
CONFERENCES = ["c1", "c2", "c3"]


def drawn(rng: random.Random, number: int) -> Input:
    """An event of any kind from which a router learns, or that it routes."""
    conference, account = rng.choice(CONFERENCES), rng.choice(ACCOUNTS)
    person = {"conference": conference, "attendee": rng.choice("pq")}
    kinds: list[dict[str, Any]] = [
        {"type": "conference.opened", "conference": conference, "name": "", "hashtags": rng.sample(TAGS, 1),
         "starts_at": AT, "ends_at": AT, "time_zone": "UTC", "places": [], "chats": []},
        {"type": "attendee.registered", **person, "accounts": rng.sample(ACCOUNTS, 2), "consent": CONSENT},
        {"type": "account.verified", **person, "account": account, "method": "post"},
        {"type": "account.released", **person, "account": account},
        {"type": "attendee.erased", **person},
        *[{"type": "activity.posted", "actor": account, "hashtags": rng.sample(TAGS, rng.randint(0, 2)),
           "mentions": rng.sample(ACCOUNTS, rng.randint(0, 2)), "id": f"x:{rng.randint(0, number)}"}] * 8,
        *[{"type": "activity.deleted", "actor": account, "deleted": f"x:{rng.randint(0, number + 3)}"}] * 3,
    ]  # fmt: skip
    if rng.random() < 0.02:
        kinds = [{"type": "conference.closed", "conference": conference}]
    made: Input = msgspec.convert({"id": f"e{number}", "at": AT, **rng.choice(kinds)}, Input)
    return made


@pytest.mark.parametrize("seed", range(30))
def test_a_restored_router_routes_the_same(seed: int) -> None:
    rng = random.Random(seed)
    router = saved = Router()
    routed = 0
    for number in range(150):
        event = drawn(rng, number)
        if rng.random() < 0.3:
            saved = Router.restore(saved.save())
        expected = router.route(event) if saved is not router else Router.restore(router.save()).route(event)
        assert saved.route(event) == expected, f"seed {seed}, event {number}"
        routed += len(expected)
    assert saved is not router
    assert routed > 50


def test_the_saved_form_of_another_version_is_refused() -> None:
    with pytest.raises(msgspec.MsgspecError):
        Router.restore(b'{"tags": 1}')
