"""Erasure is final: importing the same file again does not undo it, and it does not undo anybody else's decision."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.coming_back import (
    AGAIN,
    again,
    cards_of,
    erased,
    imported,
    line,
    proves,
    signed_in,
    takes_part,
    what_others_decided_holds,
)
from tests.api.in_process import QUIET, inside, run_to_end
from tests.api.people import CONFERENCE, Server, attendee, good, now, opened, secret_of, talked, until


def registrations(server: Server) -> set[str]:
    """The ids that the log of the stopped or running server has registered."""
    data = b"".join(path.read_bytes() for path in server.data.rglob("journal.db*"))
    mark = b'{"type":"attendee.registered"'
    rows = [json.JSONDecoder().raw_decode(part.decode("utf-8", "replace"))[0] for part in _from(data, mark)]
    return {row["attendee"] for row in rows}


def _from(data: bytes, mark: bytes) -> list[bytes]:
    return [mark + part[:2_000] for part in data.split(mark)[1:]]


@pytest.mark.parametrize("mail", ["ada", "another"], ids=["by the address", "by the account"])
def test_the_same_file_again_registers_nobody_who_was_erased(tmp_path: Path, mail: str) -> None:
    with Server(tmp_path) as server:
        organizer = opened(server)
        both = (line("ada"), line("bob"))
        first = imported(organizer, *both)
        assert (first["registered"], first["mistakes"], first["waiting"]) == (2, [], [])
        ada = again(server, organizer, "ada")
        erased(ada)
        found = imported(organizer, line("ada", mail), line("bob"))
        assert (found["registered"], found["mistakes"]) == (1, [])
        (waits,) = found["waiting"]
        assert waits["line"] == 2
        for word in ("erase", "block", "declin", "gone"):
            assert word not in waits["text"].lower()
        # One by one it is the same, and says the same.
        body = {"name": "Ada", "email": f"{mail}@example.org", "accounts": ["X:@Ada"], "show_name": True}
        consent = {"matching": True, "chats": True, "share_place": True}
        made = good(organizer.post(AGAIN, json=body | {"consent": consent}))
        assert made["note"] == waits["text"]
        new = made["attendee"]
        assert new not in registrations(server)
        # Nor by an event: not under this id, and not under another one with her account.
        for attendee_, accounts in ((new, []), ("a-new-id", ["x:ada"])):
            event = {"type": "attendee.registered", "id": f"e-{attendee_}", "at": now(), "conference": CONFERENCE}
            event |= {"attendee": attendee_, "accounts": accounts, "consent": consent}
            (result,) = good(organizer.post("/v1/events", json=event))["results"]
            assert (result["status"], result["reason"]) == ("rejected", waits["text"])
        back = signed_in(server, made["link"], new, "x:ada")
        me = good(back.http.get("/v1/me"))
        assert me["consent"] == {"matching": False, "chats": False, "share_place": False, "show_name": False}
        good(back.http.patch("/v1/me/consent", json={"share_place": True}))
        assert new not in registrations(server)
        takes_part(back)
        assert new in registrations(server)
        me = good(back.http.get("/v1/me"))
        assert me["consent"] == {"matching": True, "chats": False, "share_place": True, "show_name": False}
        assert [each["account"] for each in me["accounts"]] == ["x:ada"]
        # From here on she is registered as anybody, and the file is right again.
        assert imported(organizer, line("ada", mail), line("bob"))["waiting"] == []


def test_a_dry_run_says_who_will_wait_and_a_correction_waits_too(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        organizer = opened(server)
        erased(again(server, organizer, "ada"))
        would = imported(organizer, line("ada"), line("bob"), dry_run=True)
        done = imported(organizer, line("ada"), line("bob"))
        for said in (would, done):
            assert (said["registered"], said["new"], said["mistakes"]) == (1, 1, [])
            assert [each["line"] for each in said["waiting"]] == [2]
            assert [(each["line"], each["what"]) for each in said["lines"]] == [(2, "waiting"), (3, "new")]
        corrected = line("ada", accounts="x:adaline").replace("Ada,", "Adaline,")
        for dry_run in (True, False):
            (waits,) = imported(organizer, corrected, dry_run=dry_run)["lines"]
            assert (waits["what"], waits["attendee"]) == ("waiting", done["lines"][0]["attendee"])
            assert waits["changes"] == [
                "The name 'Ada' becomes 'Adaline'.",
                "New accounts: x:adaline.",
                "Accounts that are no longer claimed: x:ada.",
            ]
        link = good(organizer.post(f"{AGAIN}/{waits['attendee']}/link"))["link"]
        back = signed_in(server, link, waits["attendee"], "x:adaline")
        takes_part(back)
        me = good(back.http.get("/v1/me"))
        assert (me["name"], [each["account"] for each in me["accounts"]]) == ("Adaline", ["x:adaline"])


def test_a_ticket_that_is_passed_on_is_another_person_who_confirms_it(tmp_path: Path) -> None:
    """Erased, and registered with the same address under another name: nothing of the one is ever the other's."""
    with Server(tmp_path) as server:
        organizer = opened(server)
        ada, bob = attendee(server, organizer, "ada"), attendee(server, organizer, "bob")
        talked(server, ada, bob)
        for who in (ada, bob):
            who.say("/v1/me/here", place="hall-a")
        until(lambda: cards_of(ada, bob))
        gone = {"type": "attendee.erased", "id": "passed-on", "at": now(), "conference": CONFERENCE, "attendee": ada.id}
        assert good(organizer.post("/v1/events", json=gone))["results"][0]["status"] == "accepted"
        until(lambda: not bob.cards())
        body = {"name": "Cyd", "email": "ada@example.org", "accounts": ["x:cyd"], "show_name": True}
        consent = {"matching": True, "chats": True, "share_place": True}
        made = good(organizer.post(AGAIN, json=body | {"consent": consent}))
        assert "own confirmation" in made["note"]
        assert (made["changes"], made["attendee"] == ada.id) == ([], False)
        assert made["attendee"] not in registrations(server)
        assert ada.http.get("/v1/me").status_code == 401
        cyd = signed_in(server, made["link"], made["attendee"], "x:cyd")
        scanned = {"type": "checkin.arrived", "id": "door-1", "at": now(), "conference": CONFERENCE, "attendee": cyd.id}
        assert good(organizer.post("/v1/events", json=scanned))["results"][0]["status"] == "accepted"
        takes_part(cyd)
        until(lambda: good(cyd.http.get("/v1/me"))["present"])  # the scan was stored, and counts from now on
        me = good(cyd.http.get("/v1/me"))
        assert (me["name"], [each["account"] for each in me["accounts"]]) == ("Cyd", ["x:cyd"])
        assert me["consent"] == {"matching": True, "chats": False, "share_place": False, "show_name": False}
        proves(server, cyd)
        assert (cyd.cards(), bob.cards()) == ([], [])
        talked(server, cyd, bob)
        until(lambda: cards_of(cyd, bob))  # of what they said to each other, not of what ada did


def test_who_waits_and_is_erased_again_leaves_nothing_and_waits_again(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        organizer = opened(server)
        erased(again(server, organizer, "ada"))
        erased(again(server, organizer, "ada"))
        assert len(imported(organizer, line("ada"))["waiting"]) == 1
        back = again(server, organizer, "ada")
        takes_part(back)
        assert good(back.http.get("/v1/me"))["consent"]["matching"] is True


def test_another_conference_and_another_person_wait_for_nothing(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        organizer = opened(server)
        opened(server, "elsewhere")
        erased(attendee(server, organizer, "ada"))
        body: dict[str, Any] = {"name": "Ada", "email": "ada@example.org", "accounts": ["x:ada"]}
        consent = {"matching": True, "chats": False, "share_place": False}
        made = good(organizer.post("/v1/conferences/elsewhere/attendees", json=body | {"consent": consent}))
        assert made["note"] == ""
        assert imported(organizer, line("bob"))["registered"] == 1


@pytest.mark.parametrize("same_mail", [True, False], ids=["by the address", "by the proved account"])
def test_blocks_and_declines_hold_for_who_comes_back(tmp_path: Path, same_mail: bool) -> None:
    with Server(tmp_path) as server:
        what_others_decided_holds(server, opened(server), same_mail=same_mail)


@QUIET
@run_to_end
async def test_a_block_on_its_way_at_the_erasure_holds_too(tmp_path: Path) -> None:
    """Bob's block waits for the disk when ada's erasure comes: it is in the log before that, and counts."""
    async with inside(tmp_path) as server:
        ada, bob = await server.registered("ada"), await server.registered("bob")
        parts = server.parts
        clients: list[httpx.AsyncClient] = []
        for made in (ada, bob):
            clients.append(server.client())
            good(await clients[-1].post("/v1/session", json={"link": secret_of(made["link"])}))
        take, at, on = parts.runner.take, asyncio.Event(), asyncio.Event()

        async def slow(items: Any, sender: str, first: int = 1) -> Any:
            if sender == f"attendee:{bob['attendee']}":
                at.set()
                await on.wait()
            return await take(items, sender, first)

        parts.admission.runner.take = slow  # type: ignore[method-assign]
        event = {"type": "attendee.blocked", "id": "b", "at": now(), "conference": CONFERENCE}
        block = event | {"attendee": bob["attendee"], "blocked": ada["attendee"]}
        blocking = asyncio.create_task(clients[1].post("/v1/events", json=block))
        await at.wait()
        erasing = asyncio.create_task(clients[0].request("DELETE", "/v1/me", json={"confirm": "erase me"}))
        while not parts.admission.lock.locked():  # noqa: ASYNC110  # the erasure's doing, which sets no event
            await asyncio.sleep(0)
        on.set()
        assert ((await blocking).status_code, (await erasing).status_code) == (200, 202)
        others = [bob["attendee"], "a-somebody"]
        assert parts.directory.tombstones.find_blockers(CONFERENCE, ["ada@example.org"], others) == [bob["attendee"]]
