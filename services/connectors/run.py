"""Runs one connector: reads a batch, takes it in, stores the checkpoint, and begins anew after an error.

Invariants: the checkpoint is stored after everything that it covers was admitted, so it is never ahead. One batch is in
memory at a time, and the next is read only when it was admitted (backpressure). An error of one connector reaches
nothing but its own health.
Failure modes: after an error the run waits with jittered exponential back-off, or as long as the source asks. What only
a person can mend is tried again at the longest pause. Where a budget of Hallway is used up, the run waits with its
batch.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from msgspec.structs import replace

from services.connectors.health import Health, History
from services.connectors.intake import ConnectorIntake, Intake
from services.connectors.intake_ports import IntakeBusyError, Origin
from services.connectors.port import (
    Audience,
    Batch,
    Connector,
    Context,
    NeedsAttentionError,
    SourceUnavailableError,
)
from services.connectors.source_client import SourceClient
from services.directory.port import Checkpoint, ConnectorRow, Connectors, DirectoryError, Ticket

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
_MOST_DOUBLINGS = 16  # the longest pause is reached long before
_log = structlog.get_logger("hallway.connectors")
Opener = Callable[[ConnectorRow, Mapping[str, str], Context], Connector]
AudienceOf = Callable[[str], Awaitable[Audience]]


class ReplacedError(Exception):
    """The connector was changed, paused or deleted; this run ends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What all runs share. ``organizer_of``: who registers people in a conference, "" where nobody may any more.

    ``audience_of``: whose posts matter to a conference. ``clock``: ms since 1970. ``pause_s``: the seconds to wait
    after so many failures, with jitter."""

    store: Connectors
    intake: ConnectorIntake
    client: SourceClient
    open: Opener
    clock: Callable[[], int]
    organizer_of: Callable[[ConnectorRow], str]
    audience_of: AudienceOf
    pause_s: Callable[[int], float]


@dataclass(slots=True)
class ConnectorRun:
    """One connector with its current settings; a change of them is a new run."""

    row: ConnectorRow
    around: Surroundings
    health: Health = field(default_factory=Health)
    _checkpoint: Checkpoint = field(init=False)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _history: asyncio.Event = field(default_factory=asyncio.Event)
    _unreadable: set[bytes] = field(default_factory=set)
    _failures: int = 0

    def __post_init__(self) -> None:
        saved = self._checkpoint = self.row.checkpoint
        self.health = Health(counts=dict(saved.counts), seen_at=saved.seen_at, event_at=saved.event_at)
        if saved.history_since is not None:
            self._history.set()

    def wake(self) -> None:
        """Ends a pause: a webhook came, or somebody wants to know now."""
        self._wake.set()

    async def bring_history(self, since: int) -> None:
        """Brings what there was since a time, beside the events, also after a restart. ReplacedError."""
        async with self._turn:
            await self._save(replace(self._checkpoint, history_since=since))
            self.health = replace(self.health, history=History(since))
        self._history.set()

    async def run(self) -> None:
        """Runs until it is cancelled, or the connector was changed (returns), or its conference has ended (returns)."""
        history = asyncio.create_task(self._run_histories())
        try:
            while await self._attempt_once(self._read_events):
                pass
        finally:
            history.cancel()
            await _await_end(history)

    async def _run_histories(self) -> None:
        while True:
            await self._history.wait()
            self._history.clear()
            if not await self._attempt_once(self._read_history):
                return
            if self._checkpoint.history_since is not None:
                self._history.set()  # it was interrupted

    # -- an attempt ----------------------------------------------------------------------------------------------

    async def _attempt_once(self, read: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        """Reads until it ends or fails, then pauses. False where this run is over."""
        attempt = asyncio.create_task(read())
        try:
            await asyncio.wait({attempt})
        finally:
            attempt.cancel()  # if this run was cancelled
            await _await_end(attempt)
        error = None if attempt.cancelled() else attempt.exception()
        if isinstance(error, ReplacedError):
            return False
        if error is None:
            return True
        await self._pause(self._note(error))
        return True

    def _note(self, error: BaseException) -> float:
        """Writes the error into the health; returns how many seconds to wait."""
        self._failures += 1
        wait_s = self._backoff_s()
        match error:
            case NeedsAttentionError():
                state, text, wait_s = "failing", str(error), LONGEST_PAUSE_S
            case SourceUnavailableError() | IntakeBusyError():
                state, text = "retrying", str(error)
                wait_s = max(error.retry_s or 0.0, wait_s)
            case DirectoryError():
                state, text = "retrying", "Hallway's directory is unavailable; it continues by itself."
            case _:
                state, text = "failing", "This connector has a fault. Tell the operator when it happened."
                self._log_fault(error)
        now = self.around.clock()
        self.health = replace(self.health, state=state, text=text, error=text, error_at=now)
        return wait_s

    def _log_fault(self, error: BaseException) -> None:
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        where = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else ""
        _log.error("a connector failed", kind=self.row.kind, error=type(error).__name__, where=where)

    def _backoff_s(self) -> float:
        return float(self.around.pause_s(min(self._failures, _MOST_DOUBLINGS)))

    async def _pause(self, seconds: float) -> None:
        """Waits; a webhook does not shorten it, or a source that asks for a pause would not get one."""
        await asyncio.sleep(seconds)

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        self._wake.clear()

    # -- reading -------------------------------------------------------------------------------------------------

    async def _open(self) -> Connector:
        row, around = self.row, self.around
        secrets = await asyncio.to_thread(around.store.secrets_of, row.conference, row.id)

        async def known(names: Collection[str]) -> Collection[str]:
            return await asyncio.to_thread(around.store.tickets, row.conference, row.id, names)

        async def hints() -> Collection[str]:
            return await asyncio.to_thread(around.store.hints, row.conference, row.id)

        context = Context(
            client=around.client,
            clock=around.clock,
            known=known,
            hints=hints,
            wait=self._wait,
            audience=partial(around.audience_of, row.conference),
            unreadable=self._unreadable,
        )
        return around.open(row, secrets, context)

    async def _read_events(self) -> None:
        connector = await self._open()
        events: AsyncGenerator[Batch, None] = connector.events(self._checkpoint.cursor)
        async with aclosing(events) as batches:
            async for batch in batches:
                await self._take(batch)
                self._failures = 0

    async def _read_history(self) -> None:
        since = self._checkpoint.history_since
        if since is None:
            return
        self.health = replace(self.health, history=History(since))
        connector = await self._open()
        async with aclosing(connector.history(since)) as batches:
            async for batch in batches:
                await self._take(batch, is_history=True)
        async with self._turn:
            await self._save(replace(self._checkpoint, history_since=None))
            self.health = replace(self.health, history=_ended(self.health.history, since))

    async def _take(self, batch: Batch, *, is_history: bool = False) -> None:
        """Takes a batch in, as a whole even if this run is cancelled meanwhile: locks are held while threads work."""
        while True:
            whole = asyncio.create_task(self._take_whole(batch, is_history=is_history))
            try:
                return await asyncio.shield(whole)
            except asyncio.CancelledError:
                await _await_end(whole)
                raise
            except IntakeBusyError as error:
                if error.retry_s is None:
                    raise
                await self._pause(self._note(error))

    async def _take_whole(self, batch: Batch, *, is_history: bool) -> None:
        async with self._turn:
            organizer = self.around.organizer_of(self.row)
            if not organizer:
                self.health = replace(self.health, state="ended", text="The conference is closed.")
                raise ReplacedError
            before, now = self._checkpoint, self.around.clock()
            origin = Origin(self.row.conference, self.row.id, organizer, self.row.source)
            taken = await self.around.intake.take(origin, batch.items, before.cursor, now, self._save_tickets)
            after = replace(
                before,
                cursor=before.cursor if is_history else batch.cursor,
                counts=dict(Counter(before.counts) + Counter(taken.counts)),
                seen_at=now,
                event_at=max(filter(None, (before.event_at, taken.event_at)), default=None),
            )
            if after.cursor != before.cursor or batch.hints or taken.tickets or taken.counts:
                await self._save(after, taken.tickets, batch.hints)
            self._checkpoint = after
            self._note_health(batch, taken, now, is_history=is_history)

    async def _save_tickets(self, tickets: Sequence[Ticket]) -> None:
        await self._save(self._checkpoint, tickets)

    async def _save(self, checkpoint: Checkpoint, tickets: Sequence[Ticket] = (), hints: Collection[str] = ()) -> None:
        if not await asyncio.to_thread(self.around.store.save, self.row, checkpoint, tickets, hints):
            raise ReplacedError
        self._checkpoint = checkpoint

    def _note_health(self, batch: Batch, taken: Intake, now: int, *, is_history: bool) -> None:
        health, checkpoint = self.health, self._checkpoint
        if taken.refusal:
            health = replace(health, error=f"A ticket could not be registered: {taken.refusal}", error_at=now)
        if batch.note:
            health = replace(health, error=batch.note, error_at=now)
        health = replace(health, counts=checkpoint.counts, seen_at=now, event_at=checkpoint.event_at)
        if is_history:
            history = health.history or History(0)
            self.health = replace(health, history=replace(history, done=batch.done, total=batch.total))
            return
        if batch.is_caught_up:
            lag_ms = 0 if batch.newest_at is None else max(0, now - batch.newest_at)
            self.health = replace(health, state="live", text="", lag_ms=lag_ms)
        elif batch.newest_at is not None:
            self.health = replace(health, state="behind", text="", lag_ms=max(0, now - batch.newest_at))
        else:
            self.health = replace(health, state="live" if health.state == "live" else "behind", text="")


async def _await_end(task: asyncio.Task[None]) -> None:
    """Waits until it has ended, and reads how: nobody else does, if this run is cancelled."""
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()


def _ended(history: History | None, since: int) -> History:
    return replace(history or History(since), state="done")
