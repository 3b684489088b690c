"""The Bluesky connector: reads posts from a Jetstream from a position on, for ever.

Invariants: a connection that ends, however politely, is an error after which reading goes on from the position. Who is
followed is looked up every ``LOOK_S``; somebody new is followed from before they were known. A gap is said in words.
Why: people alone are the private and cheap way, and their streams may be quiet for hours; there, pings tell a quiet
connection from a dead one. A stream of everybody's posts that is silent is dead.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

import msgspec
from msgspec.structs import replace

from schemas.times import HOUR_MS
from services.connectors.bluesky import position as positions
from services.connectors.bluesky.config import HOSTS, BlueskyConfig
from services.connectors.bluesky.position import US, Position
from services.connectors.bluesky.reader import Part, StreamReader
from services.connectors.bluesky.wire import SUBPROTOCOLS, refusal_in, requests
from services.connectors.port import (
    Audience,
    Batch,
    Check,
    Context,
    NeedsAttentionError,
    SourceUnavailableError,
    TestReport,
)
from services.connectors.source_client import NoAnswerError, read_address
from services.connectors.source_stream import StreamRefusedError, open_stream

LOOK_S = 10.0  # until somebody who proved an account is followed
SILENCE_S = 15.0  # of everybody: then the host itself has lost its source
SAVE_S = 1.0  # between positions that are stored without a post
TRY_S = 5.0
_NEXT = frozenset({400, 404, 405, 406, 426, 501})  # another version may be there
_TOO_OLD = "CursorTooOld"
_GAP = "Bluesky's stream does not reach back to where reading stopped. Posts from in between are missing."
_JUMP = "Bluesky's stream does not know where reading stopped, and began at its newest post. Posts may be missing."
_GAPS = {"OutdatedCursor": _GAP, "FutureCursor": _JUMP}
_TOO_BIG = "Bluesky's stream sent a message too long to be a post. It was skipped; a post beside it may be missing."
_NOTHING = "Bluesky's stream can be opened, but sends nothing. Try another one."


class _TooOldError(Exception):
    """The host does not have the position any more."""


class BlueskyConnector:
    """One stream of one conference."""

    def __init__(self, config: BlueskyConfig, context: Context) -> None:
        self._config, self._context = config, context
        self._address = read_address(config.address)
        self._at = Position(0)

    # -- what there is from now on ---------------------------------------------------------------------------------

    async def events(self, cursor: str) -> AsyncGenerator[Batch, None]:
        """Posts and deletions, for ever."""
        self._check_host()
        self._at = msgspec.json.decode(cursor, type=Position) if cursor else positions.first_position(self._now())
        yield self._batch()
        while True:
            audience = await self._context.audience()
            dids = self._dids(audience)
            if dids == []:
                self._at = replace(positions.first_position(self._now()), people_at=self._now())
                yield replace(self._batch(), is_caught_up=True)
                await self._context.wait(LOOK_S)
                continue
            self._at = positions.begin(self._at, audience.mark if dids else "", self._now())
            try:
                async with aclosing(self._follow(audience, dids)) as batches:
                    async for batch in batches:
                        yield batch
            except _TooOldError:
                self._at = positions.oldest(self._at, self._now())
                yield self._batch()
                raise SourceUnavailableError(_GAP) from None

    async def _follow(self, audience: Audience, dids: list[str] | None) -> AsyncGenerator[Batch, None]:
        """One connection; it returns where other people are to be followed."""
        loop = asyncio.get_running_loop()
        async with self._stream(dids, self._at.at_us) as reader:
            looked = heard = saved = loop.time()
            while True:
                part = await reader.read(audience)
                now, heard = loop.time(), loop.time() if part.frames else heard
                if part.at_us is not None:
                    self._at = positions.after_events(self._at, part.at_us, self._at.people_at)
                if part.items or part.notices or (now - saved >= SAVE_S and part.frames):
                    saved = now
                    yield self._batch(part)
                if part.ended is not None:
                    if part.ended.is_too_big:
                        self._at = positions.after_skip(self._at, self._now())
                        yield self._batch()
                    raise SourceUnavailableError(_TOO_BIG if part.ended.is_too_big else str(part.ended))
                if dids is None and now - heard >= SILENCE_S:
                    raise SourceUnavailableError(f"Bluesky's stream was silent for {SILENCE_S:.0f} seconds.")
                if now - looked >= LOOK_S:
                    looked, known_at = now, self._now()
                    audience = await self._context.audience()
                    if self._dids(audience) != dids:
                        return
                    self._at = replace(self._at, people_at=known_at)
                    if now - heard >= LOOK_S:
                        self._at = positions.after_quiet(self._at, known_at)
                        yield replace(self._batch(), is_caught_up=True)

    # -- what there was --------------------------------------------------------------------------------------------

    async def history(self, since: int) -> AsyncGenerator[Batch, None]:
        """What the stream still has: the last 36 hours at most. It ends at the moment at which it began."""
        self._check_host()
        until_us = self._now() * US
        audience = await self._context.audience()
        dids = self._dids(audience)
        if dids == []:
            return
        loop, done = asyncio.get_running_loop(), 0
        start_us = max(since, self._now() - positions.LOOK_BACK_MS + HOUR_MS) * US
        async with self._stream(dids, start_us) as reader:
            heard = loop.time()
            while True:
                part = await reader.read(audience)
                heard = loop.time() if part.frames else heard
                done += len(part.items)
                yield Batch(items=part.items, cursor="", done=done, total=done)
                if part.ended is not None:
                    raise SourceUnavailableError(str(part.ended))
                if (part.at_us or 0) >= until_us or loop.time() - heard >= LOOK_S:
                    return

    # -- trying it out ---------------------------------------------------------------------------------------------

    async def test(self) -> TestReport:
        """Whether the stream can be opened and sends posts."""
        try:
            self._check_host()
            async with asyncio.timeout(TRY_S), self._stream(None, None) as reader:
                part = Part()
                while not part.frames and part.ended is None:
                    part = await reader.read(Audience())
        except TimeoutError:
            return TestReport((Check(_NOTHING, is_good=False),))
        except (NeedsAttentionError, SourceUnavailableError) as error:
            return TestReport((Check(str(error), is_good=False),))
        if part.ended is not None:
            return TestReport((Check(str(part.ended), is_good=False),))
        return TestReport((Check("Posts come from Bluesky.", is_good=True),))

    # -- connecting ------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _stream(self, dids: list[str] | None, start_us: int | None) -> AsyncIterator[StreamReader]:
        """A reader of an open stream, by the first version that the host has. SourceUnavailableError, _TooOldError."""
        asked = requests(dids, start_us)
        for request in asked:
            try:
                path, offered = request.path, SUBPROTOCOLS[request.version]
                async with open_stream(self._context.client, self._address, path, offered) as stream:
                    if request.hello:
                        await stream.send(request.hello)
                    only_people = dids is not None
                    yield StreamReader(stream, request.version, self._context.clock, only_people=only_people)
                    return
            except StreamRefusedError as error:
                self._judge(error, is_last=request is asked[-1])
            except NoAnswerError as error:
                raise SourceUnavailableError(f"Bluesky's stream cannot be reached. {error}") from None

    @staticmethod
    def _judge(error: StreamRefusedError, *, is_last: bool) -> None:
        """Returns where another version should be tried."""
        if refusal_in(error.body) == _TOO_OLD:
            raise _TooOldError from None
        if error.status == 429:
            raise SourceUnavailableError("Bluesky's stream asks to connect later.", error.retry_s) from None
        if is_last or error.status not in _NEXT:
            text = f"Bluesky's stream refused the connection with status {error.status}."
            raise SourceUnavailableError(text, error.retry_s) from None

    def _check_host(self) -> None:
        """Posts are evidence of who knows whom, so an organizer cannot choose who tells them."""
        if self._address.host not in HOSTS and not self._context.client.is_listed(self._address):
            own = f"Posts come from Bluesky's own streams, such as https://{HOSTS[0]}"
            raise NeedsAttentionError(f"{own}, or from one that the operator lists.")

    # -- a batch ---------------------------------------------------------------------------------------------------

    def _dids(self, audience: Audience) -> list[str] | None:
        """Whom to follow; None: everybody."""
        if self._config.read == "hashtags":
            return None
        prefix = "bsky:did:"
        return sorted(account[5:] for account in audience.accounts if account.startswith(prefix))

    def _batch(self, part: Part | None = None) -> Batch:
        cursor = msgspec.json.encode(self._at).decode()
        if part is None:
            return Batch(cursor=cursor)
        notes = [_GAPS[name] for name in part.notices if name in _GAPS]
        newest = None if part.at_us is None else part.at_us // US
        note = notes[-1] if notes else ""
        return Batch(items=part.items, cursor=cursor, newest_at=newest, is_caught_up=part.is_drained, note=note)

    def _now(self) -> int:
        return self._context.clock()
