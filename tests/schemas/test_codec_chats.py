"""A chat's window: given whole or not at all, and its bounds from outside."""

from typing import Any

import pytest

from schemas.events import ConferenceOpened
from tests.schemas.kept import bad, changed, good

OPENED = "conference.opened"
WINDOW: dict[str, Any] = {"weekday": 4, "start": "12:00", "minutes": 60, "time_zone": "America/New_York"}
HUGE = 10**30


def with_chat(**chat: Any) -> bytes:
    """An opening with one chat."""
    return changed(OPENED, chats=[{"hashtag": "hitsm", **chat}])


@pytest.mark.parametrize("left_out", [{name} for name in WINDOW] + [set(WINDOW) - {name} for name in WINDOW])
def test_a_chats_window_is_given_whole_or_not_at_all(left_out: set[str]) -> None:
    part = {name: value for name, value in WINDOW.items() if name not in left_out}
    assert "go together" in bad(with_chat(**part)).reason
    assert bad(with_chat(**part, **dict.fromkeys(left_out))).field == "chats[0]"


def test_a_chat_without_a_window() -> None:
    for line in (with_chat(), with_chat(**dict.fromkeys(WINDOW))):
        opened = good(line).event
        assert isinstance(opened, ConferenceOpened)
        assert opened.chats[0].weekday is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"minutes": 0},
        {"minutes": 1441},
        {"minutes": 1.5},
        {"minutes": HUGE},
        {"weekday": -1},
        {"weekday": 7},
        {"weekday": "Monday"},
        {"start": "24:00"},
        {"start": "12:60"},
        {"start": "9:00"},
        {"start": "12:00:00"},
        {"start": "１２:00"},
        {"time_zone": "America/new_york"},
        {"time_zone": ""},
        {"hashtag": "#"},
    ],
    ids=repr,
)
def test_a_chats_window_outside_of_its_bounds(wrong: dict[str, Any]) -> None:
    reject = bad(with_chat(**{**WINDOW, **wrong}))
    assert reject.field == f"chats[0].{next(iter(wrong))}"
    assert reject.reason.startswith("chats[0].")


def test_a_long_value_is_cut_in_the_reason() -> None:
    assert bad(with_chat(**{**WINDOW, "start": "1" * 60_000})).field == "chats[0].start"
    assert bad(changed(OPENED, places=[{"place": "a" * 60_000, "name": ""}])).field == "places[0].place"
