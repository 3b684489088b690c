"""Bodies of the routes for connectors."""

from typing import Annotated

from msgspec import Meta, Struct, field

from schemas.times import format_time
from services.connectors.health import Health, HistoryState, State
from services.connectors.port import Check, Choice, TestReport
from services.connectors.registry import AnyConfig, config_of
from services.directory.port import ConnectorRow

MOST_DAYS = 60
SecretName = Annotated[str, Meta(pattern=r"\A[a-z_]{1,40}\Z")]
Secret = Annotated[str, Meta(pattern=r"\A[!-~]{1,500}\Z")]  # it is sent in a header


class ConnectorSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """``config``: by ``kind``. ``secrets``: the new ones; those that were entered before for the same source stay. They
    can be replaced and never be read."""

    config: AnyConfig
    secrets: Annotated[dict[SecretName, Secret], Meta(max_length=10)] = field(default_factory=dict)


class HistoryWanted(Struct, forbid_unknown_fields=True):
    """Of the last so many days."""

    days: Annotated[int, Meta(ge=1, le=MOST_DAYS)]


class HistoryShown(Struct, frozen=True):
    """A history that is, or was, brought. ``total`` 0: not known yet."""

    since: str
    state: HistoryState
    done: int
    total: int


class HealthShown(Struct, frozen=True, kw_only=True):
    """``text``: what is wrong now, "" where nothing is; ``error``: what went wrong last. ``counts`` by what it brought.

    ``lag_s``: how far it is behind; null before it has read anything. ``seen_at``: when the source answered last;
    ``event_at``: the time of the newest check-in."""

    state: State
    text: str
    lag_s: float | None
    seen_at: str | None
    event_at: str | None
    error: str
    error_at: str | None
    counts: dict[str, int]
    history: HistoryShown | None


class ConnectorView(Struct, frozen=True, kw_only=True):
    """A connector. ``secrets``: the names of those that are set. ``has_webhook``: whether an address was made."""

    id: str
    kind: str
    config: AnyConfig
    secrets: tuple[str, ...]
    has_webhook: bool
    paused: bool
    made_at: str
    health: HealthShown


class ConnectorsView(Struct, frozen=True):
    """The connectors of a conference, sorted by id."""

    connectors: tuple[ConnectorView, ...]


class ConnectorSaved(Struct, frozen=True):
    """``webhook``: the address to enter in the source, shown this once; null where it has one already."""

    connector: ConnectorView
    webhook: str | None


class WebhookMade(Struct, frozen=True):
    """A new address, shown this once. The earlier one stays valid for a day."""

    webhook: str


class ConnectionTested(Struct, frozen=True):
    """What was tried, step by step. ``choices``: what can be chosen, by the setting that it is for."""

    is_good: bool
    checks: tuple[Check, ...]
    choices: dict[str, tuple[Choice, ...]]


def view_of(row: ConnectorRow, health: Health) -> ConnectorView:
    """A connector as its organizer sees it."""
    return ConnectorView(
        id=row.id,
        kind=row.kind,
        config=config_of(row),
        secrets=row.secret_names,
        has_webhook=row.has_hook,
        paused=row.paused,
        made_at=format_time(row.made),
        health=_health_view(health),
    )


def tested(report: TestReport) -> ConnectionTested:
    """The report of a test."""
    return ConnectionTested(report.is_good, report.checks, dict(report.choices))


def _health_view(health: Health) -> HealthShown:
    history = health.history
    return HealthShown(
        state=health.state,
        text=health.text,
        lag_s=None if health.lag_ms is None else health.lag_ms / 1_000,
        seen_at=_written(health.seen_at),
        event_at=_written(health.event_at),
        error=health.error,
        error_at=_written(health.error_at),
        counts=dict(health.counts),
        history=None
        if history is None
        else HistoryShown(format_time(history.since), history.state, history.done, history.total),
    )


def _written(at: int | None) -> str | None:
    return None if at is None else format_time(at)
