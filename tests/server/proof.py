"""What must hold after all failures: accepted = folded + dead-lettered, each once; inboxes as of a clean replay.

Invariants: the expected result comes from the exported log by ``hallway replay``, never from the server.
"""

import asyncio
import json
import re
import subprocess
import sys
from base64 import b64decode
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from schemas.outputs import AnyOutput, DeadLetter
from services.directory.sqlite import SqliteDirectory
from services.inbox.memory import MemoryInboxes
from services.inbox.port import InboxQuota
from services.inbox.view import build_view, encode_view
from services.journal.sqlite import SqliteJournal
from tests.forked import ROOT
from tests.server.load import Load
from tests.server.process import CANARY, CONFERENCE, LIMIT_S, Hallway, Person, clock, until
from tests.server.watching import Watch

_OF_OUTPUTS = {"position", "kind", "card", "at", "why", "agreed_at", "your_place", "their_place"}
_OUTPUTS = msgspec.json.Decoder(AnyOutput)


def replayed(data: Path, output: Path) -> list[bytes]:
    """The outputs of ``hallway replay`` of the log as it is; the server may be running."""
    command = [sys.executable, "-m", "services.cli.main", "replay", str(data), "--output", str(output)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=2 * LIMIT_S)
    return output.read_bytes().splitlines()


def proved(hallway: Hallway, load: Load, folder: Path, watches: Mapping[str, Watch] = MappingProxyType({})) -> int:
    """Sends what is left to a running server, looks at every inbox, ends it, and looks at the log; how many outputs.

    ``watches``: streams that were open all the time, by attendee: they saw all of it, in order, once.
    """
    load.finish(hallway)
    outputs = replayed(hallway.data, folder / "replayed.jsonl")
    expected = asyncio.run(_inboxes([_OUTPUTS.decode(line) for line in outputs], load.people))
    for who in load.people:
        entries, cards = expected[who.id]
        if who.id in watches:
            _same_live(watches[who.id], entries, _as_put_out(outputs, who.id))
        _same_inbox(hallway, who, entries, cards)
    assert hallway.stop()[0] == 0
    discreet(hallway)
    _same_log(hallway, load, outputs)
    return len(outputs)


Shown = list[dict[str, Any]]


async def _inboxes(outputs: list[AnyOutput], people: list[Person]) -> dict[str, tuple[Shown, Shown]]:
    """Of each attendee all entries, and the cards."""
    async with MemoryInboxes(quota=InboxQuota(max_per_inbox=100_000, entries=10**9)) as inboxes:
        await inboxes.rebuild(CONFERENCE, outputs)
        found = {}
        for who in people:
            entries = await inboxes.read(CONFERENCE, who.id, limit=100_000)
            cards = (await inboxes.current(CONFERENCE, who.id)).cards
            shown = [{"position": str(entry.cursor)} | json.loads(entry.view) for entry in entries]
            open_cards = [{"position": str(card.cursor)} | json.loads(msgspec.json.encode(card)) for card in cards]
            found[who.id] = ([bare(each) for each in shown], [bare(card) for card in open_cards])
    return found


def _as_put_out(outputs: list[bytes], attendee: str) -> Shown:
    """The attendee's entries as they were when they came."""
    own = [output for output in map(_OUTPUTS.decode, outputs) if attendee in output.to]
    views = [json.loads(encode_view(build_view(output, attendee))) for output in own]
    return [bare({"position": str(at)} | view) for at, view in enumerate(views, 1)]


def bare(view: dict[str, Any]) -> dict[str, Any]:
    """Of a view what comes of the outputs; names, and the own answer, are added when it is shown."""
    left = {name: value for name, value in view.items() if name in _OF_OUTPUTS and value is not None}
    for why in left.get("why", ()):
        why.pop("posts", None)
    return left


def _same_inbox(hallway: Hallway, who: Person, entries: Shown, cards: Shown) -> None:
    with hallway.client(session=who.session) as http:
        if entries:
            with Watch(hallway, who) as watch:
                _same_stream(watch, entries)
        answer = until(lambda: (found := http.get("/v1/me/inbox")).status_code == 200 and found)
        assert [bare(card) for card in answer.json()["cards"]] == cards


def _same_live(watch: Watch, entries: Shown, put_out: Shown) -> None:
    """Each once, in order: as it came, or if the stream was away, as it was then: over, or a newer one of its kind."""
    until(lambda: not entries or watch.last() == entries[-1]["position"])
    for seen, now, then in zip(map(bare, watch.seen), entries, put_out, strict=True):
        newer = all(seen[name] == then[name] for name in ("position", "kind", "card"))
        assert seen in (now, then) or newer, (seen, now, then)
    assert watch.resets == 0


def _same_stream(watch: Watch, entries: Shown) -> None:
    until(lambda: not entries or watch.last() == entries[-1]["position"])
    seen = [bare(each) for each in watch.seen]
    assert seen == entries, [pair for pair in zip(seen, entries, strict=False) if pair[0] != pair[1]][:2]
    assert watch.resets == 0


def discreet(hallway: Hallway) -> None:
    """No log line has an account, a name, a token of either kind, or a fault of ours."""
    said = hallway.logged()
    assert CANARY not in said.lower()
    assert not re.search(r"hw\.(key|link|session)|\bp:[0-9a-f]{24}", said)
    events = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert events, "nothing was logged"
    assert not [each for each in events if each["event"] in ("a fault", "a background task failed", "hallway failed")]


def _same_log(hallway: Hallway, load: Load, outputs: list[bytes]) -> None:
    ledger = load.ledger
    with closing(SqliteJournal(hallway.data)) as journal:
        assert journal.notices == []
        rows = [json.loads(row.line) for row in journal.read(CONFERENCE)]
        assert journal.decided(CONFERENCE) == len(rows), "not all is folded"
        assert [line for _, line in journal.outputs(CONFERENCE)] == outputs, "not what a clean replay gives"
        sealed = [msgspec.json.decode(letter.line, type=DeadLetter) for letter in journal.dead_letters(limit=1_000)]
        assert journal.dead_letter_count() == len(sealed)
    with closing(SqliteDirectory(hallway.data / "directory", clock)) as directory:
        found = [directory.letter_keys.unseal(letter) for letter in sealed]
        letters = [b64decode(letter.bytes).decode() for letter in found if letter is not None]
    assert len(letters) == len(sealed)
    ids = _as_sent(hallway.data, rows, load)
    count = Counter(ids)
    assert ledger.sent.keys() == ledger.answered
    assert ledger.answered <= count.keys(), "accepted and lost"
    assert not [id_ for id_, times in count.items() if times > 1], "taken twice"
    assert {id_ for id_, row in zip(ids, rows, strict=True) if row["type"] in set(ledger.sent.values())} == (
        ledger.answered
    ), "never sent"
    assert all(ids[offset] == id_ for id_, offset in ledger.offsets.items()), "not where the answer said"
    assert max(Counter(letters).values(), default=1) == 1, "dead-lettered twice"
    assert set(letters) == ledger.bad_answered == ledger.bad_sent


def _as_sent(data: Path, rows: list[dict[str, Any]], load: Load) -> list[str]:
    """The ids of a log as their senders knew them: the log has tokens of posts, digests of all other ids."""
    with closing(SqliteDirectory(data / "directory", clock)) as directory:
        posts = directory.originals([row["id"] for row in rows if row["type"] == "activity.posted"])
        sources = sorted({row["source"] for row in rows if "source" in row})
        said = {
            f"e-{directory.trace(f'{source} {CONFERENCE} {id_}')}": id_
            for id_, kind in load.ledger.sent.items()
            for source in sources
            if not kind.startswith("activity.")
        }
    return [posts.get(row["id"]) or said.get(row["id"]) or row["id"] for row in rows]
