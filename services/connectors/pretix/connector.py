"""The pretix connector: reads orders and scans from a cursor on, and what webhooks point at at once.

Invariants: a webhook only says where to look; what counts is what pretix then answers. Whatever a webhook missed is
found by polling: orders by when they were modified, scans by when the server got them (``created``), because offline
scanners upload late.
No time of a row moves a cursor beyond when the shop made the page, or one wrong time would hide everything after it.
Why: each poll reads a little again, since pretix may show a row later than one that was created after it. Every
``WIDE_MS`` it reads back as far as a scan may be annulled, which has no webhook.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from schemas.times import HOUR_MS, MINUTE_MS, SECOND_MS, format_time, millis
from services.connectors.port import (
    MOST_ITEMS,
    Batch,
    Context,
    Item,
    NeedsAttentionError,
    SourceUnavailableError,
    TestReport,
    TicketScanned,
    TicketValid,
)
from services.connectors.pretix.client import PretixClient
from services.connectors.pretix.config import PretixConfig
from services.connectors.pretix.connection_test import try_connection
from services.connectors.pretix.mapping import scanned, scans_in, scans_now, tickets_in
from services.connectors.pretix.payloads import Checkin, Hooked, Order, Page, Placed, Position
from services.connectors.pretix.products import Products
from services.connectors.pretix.rows import Rows
from services.connectors.source_client import Answer

T = TypeVar("T")
POLL_S = 30.0
FIRST_MS = 12 * HOUR_MS  # at the beginning: as long as somebody counts as present
OVERLAP_MS = MINUTE_MS
WIDE_OVERLAP_MS = 20 * MINUTE_MS  # pretix lets a scan be annulled for 15 minutes
WIDE_MS = 5 * MINUTE_MS
SINGLE_HINTS = 5  # more scans at once cost fewer requests by polling
_FOREIGN = 10_000  # remembered tickets that let nobody in


class Cursor(Struct, frozen=True, omit_defaults=True):
    """``scans``: ``created`` of the newest scan that was read. ``orders``: when the last list of orders was made.

    While the first list is read, which may take longer than pretix allows at once: ``first_order``, the date of the
    newest order that was read, and ``first_made``, when the list was begun."""

    scans: str = ""
    orders: str = ""
    first_order: str = ""
    first_made: str = ""


class PretixConnector:
    """One event of a pretix."""

    def __init__(self, config: PretixConfig, token: str, context: Context) -> None:
        self._config, self._context = config, context
        self._client = PretixClient(context.client, config, token)
        self._products = Products(self._client, config, context.clock)
        self._rows = Rows(context.unreadable)
        self._foreign: set[str] = set()
        self._later: set[str] = set()  # hints that could not be read
        self._at = Cursor()

    async def test(self) -> TestReport:
        """Tries what it has to read."""
        return await try_connection(self._client, self._config)

    async def events(self, cursor: str) -> AsyncGenerator[Batch, None]:
        """Orders, scans and what webhooks point at, for ever."""
        self._at = msgspec.json.decode(cursor, type=Cursor) if cursor else Cursor()
        polled_at, wide_at = -HOUR_MS, -HOUR_MS
        while True:
            together = _split(await self._context.hints())[1]
            now = self._context.clock()
            if together or now - polled_at >= POLL_S * SECOND_MS:
                is_wide = now - wide_at >= WIDE_MS
                polled_at, wide_at = now, now if is_wide else wide_at
                for poll in (self._orders(), self._scans(WIDE_OVERLAP_MS if is_wide else OVERLAP_MS)):
                    async for batch in poll:
                        yield batch
                        async for hinted in self._between_pages():
                            yield hinted
            for hint in _split(await self._context.hints())[0]:  # what still cannot be read fails here, after the polls
                for batch in self._batches(await self._hinted(hint), hints=(hint,)):
                    yield batch
            yield Batch(cursor=self._text(), hints=tuple(together), is_caught_up=True)
            await self._context.wait(max(0.0, POLL_S - (self._context.clock() - polled_at) / SECOND_MS))

    async def history(self, since: int) -> AsyncGenerator[Batch, None]:
        """All orders, then the scans since a time."""
        self._client.is_patient = True  # it would begin anew after each request to read more slowly
        done = total = 0
        async for page, _ in self._client.pages("/orders/", _ORDERS):
            done, total = done + len(page.results), max(total, page.count)
            for batch in self._batches(await self._order_items(page.results, since)):
                yield replace(batch, done=done, total=max(total, done))
        before = done
        async for page, _ in self._client.pages(
            "/checkins/", {"created_since": format_time(since), "ordering": "created"}
        ):
            done, total = done + len(page.results), max(total, before + page.count)
            for batch in self._batches((await self._scan_items(page.results))[1]):
                yield replace(batch, done=done, total=max(total, done))

    async def _between_pages(self) -> AsyncGenerator[Batch, None]:
        """What webhooks point at, for a poll may take minutes. What cannot be read waits until its end."""
        for hint in _split([hint for hint in await self._context.hints() if hint not in self._later])[0]:
            try:
                items = await self._hinted(hint)
            except (SourceUnavailableError, NeedsAttentionError):
                self._later.add(hint)
                return
            for batch in self._batches(items, hints=(hint,)):
                yield batch

    def _batches(
        self, items: Sequence[Item], hints: tuple[str, ...] = (), after: Cursor | None = None
    ) -> Iterator[Batch]:
        """The items in bounded batches. Only the last one has the hints, and moves the cursor to ``after``."""
        starts = range(0, max(len(items), 1), MOST_ITEMS)
        for start in starts:
            part, is_last = tuple(items[start : start + MOST_ITEMS]), start == starts[-1]
            if is_last:
                self._at = after or self._at
            yield Batch(items=part, cursor=self._text(), hints=hints if is_last else ())

    def _text(self) -> str:
        return msgspec.json.encode(self._at).decode()

    # -- orders --------------------------------------------------------------------------------------------------

    async def _orders(self) -> AsyncGenerator[Batch, None]:
        """The orders that were modified since the last list. The cursor moves with the last page, except in the first
        list, which may be long: there it moves with each."""
        at, params = self._at, dict(_ORDERS)
        if at.orders:
            params["modified_since"] = format_time(millis(at.orders) - OVERLAP_MS)
        elif at.first_order:
            params["created_since"] = at.first_order
        since = self._context.clock() - FIRST_MS
        made_at = at.first_made
        async for page, answer in self._client.pages("/orders/", params):
            made_at = made_at or answer.headers.get("x-page-generated", "")
            items = await self._order_items(page.results, since)
            for batch in self._batches(items, after=await self._after_orders(page, made_at)):
                yield batch

    async def _after_orders(self, page: Page, made_at: str) -> Cursor | None:
        """The cursor after a page of orders; None: it stays."""
        if page.next is None:
            return replace(self._at, orders=made_at, first_order="", first_made="") if _is_time(made_at) else None
        if self._at.orders or not _is_time(made_at):
            return None
        orders = await self._context.client.work(lambda: self._rows.decode(page.results, Order))
        dates = [order.datetime for order in orders if _is_time(order.datetime)]
        past = [date for date in dates if millis(date) <= millis(made_at)]
        return replace(self._at, first_order=max(past, key=millis), first_made=made_at) if past else None

    async def _order_items(self, rows: Sequence[msgspec.Raw], since: int) -> list[Item]:
        admitted = await self._products.admitted()
        return (await self._read("order", rows, Order, lambda order: self._items_of(order, admitted, since)))[1]

    async def _read(
        self, what: str, rows: Sequence[msgspec.Raw], kind: type[T], use: Callable[[T], Iterable[Item]]
    ) -> tuple[list[T], list[Item]]:
        """As ``Rows.read``, beside the event loop."""
        return await self._context.client.work(lambda: self._rows.read(what, rows, kind, use))

    def _items_of(self, order: Order, admitted: Collection[int] | None, since: int) -> Iterator[Item]:
        tickets = list(tickets_in(order, lambda item: admitted is None or item in admitted))
        yield from tickets
        valid = {ticket.ticket for ticket in tickets if isinstance(ticket, TicketValid)}
        self._foreign -= valid
        for position in order.positions:
            if str(position.id) in valid:
                yield from scans_in(position, self._config, since)

    async def _order(self, code: str) -> list[Item]:
        """The tickets of one order and their recent scans; nothing where it is gone."""
        raw = await self._client.one(msgspec.Raw, f"/orders/{code}/", {"include_canceled_positions": "true"})
        return [] if raw is None else await self._order_items([raw], self._context.clock() - FIRST_MS)

    # -- scans ---------------------------------------------------------------------------------------------------

    async def _scans(self, overlap_ms: int) -> AsyncGenerator[Batch, None]:
        """The scans that the server got since the cursor, oldest first. The cursor moves with each page."""
        scans = self._at.scans
        since = millis(scans) - overlap_ms if scans else self._context.clock() - FIRST_MS
        async for page, answer in self._client.pages(
            "/checkins/", {"created_since": format_time(since), "ordering": "created"}
        ):
            rows, items = await self._scan_items(page.results)
            made_at = self._made_at(answer)
            created = [min(row.created, made_at, key=millis) for row in rows if row.created is not None]
            newest = max([*created, *filter(None, [self._at.scans])], key=millis, default="")
            for batch in self._batches(items, after=replace(self._at, scans=newest)):
                yield replace(batch, newest_at=millis(newest) if newest and page.next is not None else None)

    def _made_at(self, answer: Answer) -> str:
        """When an answer was made, by the shop's clock if it says so."""
        text = answer.headers.get("x-page-generated", "")
        return text if _is_time(text) else format_time(self._context.clock())

    async def _scan_items(self, rows: Sequence[msgspec.Raw]) -> tuple[list[Checkin], list[Item]]:
        """The rows, and their items; before them the tickets that were not known."""
        found, items = await self._read(
            "check-in", rows, Checkin, lambda row: [item] if (item := scanned(row, self._config)) is not None else []
        )
        scans = {item.ticket for item in items if isinstance(item, TicketScanned)}
        tickets = [item for name in await self._unknown(scans) for item in await self._ticket(int(name))]
        named = [item for item in items if getattr(item, "ticket", "") not in self._foreign]
        return found, [*tickets, *named]

    async def _unknown(self, names: Collection[str]) -> list[str]:
        """The tickets among these that nobody brought yet, without those that let nobody in."""
        asked = set(names) - self._foreign
        return sorted(asked - set(await self._context.known(asked))) if asked else []

    async def _ticket(self, position: int) -> list[Item]:
        """The tickets of the order of a position; remembers the position where it lets nobody in."""
        raw = await self._client.one(msgspec.Raw, f"/orderpositions/{position}/")
        found, items = await self._read("ticket", [] if raw is None else [raw], Placed, lambda _: ())
        for placed in found:
            items += await self._order(placed.order) if placed.order else []
        if not any(isinstance(item, TicketValid) and item.ticket == str(position) for item in items):
            if len(self._foreign) >= _FOREIGN:
                self._foreign.clear()
            self._foreign.add(str(position))
        return items

    # -- webhooks ------------------------------------------------------------------------------------------------

    async def _hinted(self, stored: str) -> list[Item]:
        """What there is now where a webhook pointed."""
        hint = msgspec.json.decode(stored, type=Hooked)
        if hint.what == "order":
            return await self._order(hint.code)
        raw = await self._client.one(msgspec.Raw, f"/checkinlists/{hint.list}/positions/{hint.position}/")
        if raw is None:
            return []
        name = str(hint.position)
        tickets = await self._ticket(hint.position) if await self._unknown([name]) else []
        if name in self._foreign:
            return tickets
        now = await self._read(
            "ticket", [raw], Position, lambda position: [scans_now(position, self._config, hint.list)]
        )
        return [*tickets, *now[1]]


_ORDERS = {"include_canceled_positions": "true", "ordering": "datetime"}


def _split(hints: Collection[str]) -> tuple[list[str], list[str]]:
    """The hints to read one by one, and scans that one poll finds with fewer requests."""
    scans = [hint for hint in hints if msgspec.json.decode(hint, type=Hooked).what == "checkin"]
    if len(scans) <= SINGLE_HINTS:
        return list(hints), []
    many = set(scans)
    return [hint for hint in hints if hint not in many], scans


def _is_time(text: str) -> bool:
    try:
        return millis(text) > 0
    except ValueError:
        return False
