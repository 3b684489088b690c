"""The health of a connector, in words for an organizer and in numbers for an operator."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

State = Literal["starting", "live", "behind", "retrying", "failing", "paused", "ended"]
HistoryState = Literal["running", "done", "failed"]


class History(Struct, frozen=True):
    """A history that is, or was, brought. ``since``: ms since 1970. ``total`` 0: not known yet."""

    since: int
    state: HistoryState = "running"
    done: int = 0
    total: int = 0
    text: str = ""


class Health(Struct, frozen=True, kw_only=True):
    """``lag_ms``: how old the newest item is while more are waiting, else 0; None: nothing was read yet.

    ``text``: what is wrong now, in a sentence; "" where nothing is. ``error``: the last thing that went wrong.
    Times are ms since 1970.
    """

    state: State = "starting"
    text: str = ""
    lag_ms: int | None = None
    seen_at: int | None = None
    event_at: int | None = None
    error: str = ""
    error_at: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    history: History | None = None
