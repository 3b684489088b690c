"""A lost link comes by mail: to who is registered, and nobody can find out who that is."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from services.api.shared.bounds import Bounds
from services.directory.sqlite.outbox import SqliteOutbox
from services.mail import link_requests
from tests.api.child import WIDE
from tests.api.in_process import QUIET, Inside, inside, run_to_end
from tests.api.people import CONFERENCE, OPENING, good, secret_of
from tests.mail.smtp_server import MailServer, mail_server, texts_of
from tests.runtime.harness import until

pytestmark = QUIET
PATH = "/v1/sign-in-links"
WIDE_AND_QUICK = replace(Bounds(), rates=dict.fromkeys(Bounds().rates, WIDE), link_requests_s=0.05)


@asynccontextmanager
async def mailing(folder: Path) -> AsyncIterator[tuple[Inside, MailServer]]:
    async with mail_server() as mails, inside(folder, smtp=mails.settings(), bounds=WIDE_AND_QUICK) as server:
        yield server, mails


async def ask(server: Inside, email: str) -> httpx.Response:
    return await server.client().post(PATH, json={"email": email})


def links_in(mails: MailServer, address: str) -> list[str]:
    plain, _ = texts_of(mails.mail_to(address))
    return [secret_of(line) for line in plain.splitlines() if "/welcome#" in line]


@run_to_end
async def test_who_lost_their_only_device_gets_in_again_and_the_others_are_told(tmp_path: Path) -> None:
    async with mailing(tmp_path) as (server, mails):
        made = await server.registered("ada")
        lost = server.client()
        good(await lost.post("/v1/session", json={"link": secret_of(made["link"])}))
        assert good(await lost.get(PATH)) == {"by_mail": True}
        good(await ask(server, " Ada@Example.org "))
        await until(lambda: mails.recipients == ["ada@example.org"])
        (secret,) = links_in(mails, "ada@example.org")
        found = server.client()
        assert good(await found.post("/v1/session", json={"link": secret}))["attendee"] == made["attendee"]
        (told,) = good(await lost.get("/v1/me/sessions"))["sign_ins"]
        assert told["session"]
        good(await lost.delete(f"/v1/me/sessions/{told['session']}"))  # it was not me
        assert (await found.get("/v1/me")).status_code == 401


@run_to_end
async def test_no_get_uses_a_link_up(tmp_path: Path) -> None:
    """What scanners of mail do: fetch the address, with its fragment or its secret in other places, also with HEAD."""
    async with mailing(tmp_path) as (server, mails):
        await server.registered("ada")
        good(await ask(server, "ada@example.org"))
        await until(lambda: len(mails.accepted) == 1)
        (secret,) = links_in(mails, "ada@example.org")
        scanner = server.client()
        for method in ("GET", "HEAD", "OPTIONS"):
            for path in (f"/welcome#{secret}", f"/welcome?{secret}", f"/m/{secret}", f"/v1/session?link={secret}"):
                await scanner.request(method, path)
        assert "hallway_session" not in scanner.cookies
        form = await scanner.post("/v1/session", data={"link": secret})  # a click without the page's script
        assert form.status_code == 415
        good(await server.client().post("/v1/session", json={"link": secret}))
        assert (await server.client().post("/v1/session", json={"link": secret})).status_code == 200  # not used yet


@run_to_end
async def test_each_conference_of_an_address_has_its_link(tmp_path: Path) -> None:
    async with mailing(tmp_path) as (server, mails):
        await server.registered("ada")
        good(await server.organizer.put("/v1/conferences/conf-2", json=OPENING | {"name": "Second"}))
        body = {
            "name": "Ada",
            "email": "ada@example.org",
            "accounts": [],
            "consent": {"matching": False, "chats": False, "share_place": False},
        }
        good(await server.organizer.post("/v1/conferences/conf-2/attendees", json=body))
        good(await ask(server, "ada@example.org"))
        await until(lambda: len(mails.accepted) == 1)
        plain, html = texts_of(mails.mail_to("ada@example.org"))
        for text in (plain, html):
            assert "Health IT 2026" in text
            assert "Second" in text
            assert "(Europe/Paris)" in text
        signed_in = [
            good(await server.client().post("/v1/session", json={"link": each}))
            for each in links_in(mails, "ada@example.org")
        ]
        assert {each["conference"] for each in signed_in} == {CONFERENCE, "conf-2"}


@run_to_end
async def test_the_answer_says_nothing_about_who_is_registered(tmp_path: Path) -> None:
    """Of any address, also one that was erased, asked for too often, or asked for while the directory is stuck."""
    async with mailing(tmp_path) as (server, mails):
        made = await server.registered("ada")
        good(await server.client().post("/v1/session", json={"link": secret_of(made["link"])}))
        await server.registered("bob")
        gone = await server.registered("eve")
        await server.parts.erasures.begin(CONFERENCE, [gone["attendee"]])
        names = ("ada", "bob", "eve", "nobody", "ada", "ada", "ada", "nobody", "nobody", "nobody", "bob")
        answers = {_whole(await ask(server, f"{name}@example.org")) for name in names}
        await until(lambda: {"ada@example.org", "bob@example.org"} <= set(mails.recipients))
        answers |= {_whole(await ask(server, f"{name}@example.org")) for name in names}
        assert len(answers) == 1
        ((status, _, body),) = answers
        assert (status, body) == (202, b'{"status":"requested"}')
        assert set(mails.recipients) == {"ada@example.org", "bob@example.org"}


@run_to_end
async def test_an_address_gets_two_at_once_however_often_it_is_asked_for(tmp_path: Path) -> None:
    async with mailing(tmp_path) as (server, mails):
        await server.registered("ada")
        await server.registered("bob")
        for count in (1, 2):
            good(await ask(server, "ada@example.org"))
            await until(lambda least=count: len(mails.accepted) == least)  # type: ignore[misc]
            await until(lambda: server.parts.mailer.deliveries["accepted"] == len(mails.accepted))
        for _ in range(5):
            good(await ask(server, "ada@example.org"))
        good(await ask(server, "bob@example.org"))  # looked up with them, or after them
        await until(lambda: "bob@example.org" in mails.recipients)
        assert mails.recipients == ["ada@example.org"] * 2 + ["bob@example.org"]


def _whole(answer: httpx.Response) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    return answer.status_code, tuple(answer.headers.multi_items()), answer.content


@run_to_end
async def test_the_answer_is_given_before_anything_is_looked_up(tmp_path: Path) -> None:
    """So its time says nothing either: the directory is locked by somebody else meanwhile."""
    async with mailing(tmp_path) as (server, mails):
        await server.registered("ada")
        lock, let, held = server.parts.directory._base.lock, threading.Event(), threading.Event()

        def hold() -> None:
            with lock:
                held.set()
                let.wait(20)

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait(20)
        try:
            answers = {_whole(await ask(server, f"{name}@example.org")) for name in ("ada", "nobody")}
            assert len(answers) == 1
            assert not let.is_set()
        finally:
            let.set()
            holder.join(20)
        await until(lambda: mails.recipients == ["ada@example.org"])


@run_to_end
async def test_a_flood_is_dropped_without_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_requests, "MOST_REQUESTS", 3)
    looked_up: list[str] = []
    whole = SqliteOutbox.request_links

    def counted(outbox: SqliteOutbox, email: str) -> bool:
        looked_up.append(email)
        return whole(outbox, email)

    monkeypatch.setattr(SqliteOutbox, "request_links", counted)
    async with mailing(tmp_path) as (server, mails):
        await server.registered("ada")
        requests = server.parts.mailer._requests
        for number in range(10):
            requests.add(f"{number}@example.org")
        await until(lambda: len(looked_up) == 3)
        good(await ask(server, "ada@example.org"))
        await until(lambda: mails.recipients == ["ada@example.org"])
        assert looked_up == ["0@example.org", "1@example.org", "2@example.org", "ada@example.org"]


@run_to_end
async def test_a_network_that_asks_too_often_waits(tmp_path: Path) -> None:
    rates = dict.fromkeys(Bounds().rates, WIDE) | {"mail": Bounds().rates["mail"]}
    bounds = replace(WIDE_AND_QUICK, rates=rates)
    async with mail_server() as mails, inside(tmp_path, smtp=mails.settings(), bounds=bounds) as server:
        answers = [await ask(server, f"{number}@example.org") for number in range(61)]
        assert [answer.status_code for answer in answers] == [202] * 60 + [429]
        assert int(answers[-1].headers["retry-after"]) > 0
        assert mails.attempts == []


@pytest.mark.parametrize(
    "email", ["", "ada", "@example.org", "a b@example.org", "ada@example.org\r\nBcc: eve@example.org"]
)
@run_to_end
async def test_what_is_no_address_is_reported(tmp_path: Path, email: str) -> None:
    async with mailing(tmp_path) as (server, _):
        answer = await ask(server, email)
        assert (answer.status_code, answer.json()["field"]) == (422, "email")


@run_to_end
async def test_another_site_asks_for_nothing(tmp_path: Path) -> None:
    async with mailing(tmp_path) as (server, mails):
        await server.registered("ada")
        client = server.client()
        for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
            answer = await client.post(PATH, json={"email": "ada@example.org"}, headers=headers)
            assert answer.status_code == 403
        assert (await client.post(PATH, data={"email": "ada@example.org"})).status_code == 415
        good(await ask(server, "ada@example.org"))
        await until(lambda: len(mails.accepted) == 1)


@run_to_end
async def test_without_a_mail_server_there_is_no_such_thing(tmp_path: Path) -> None:
    async with inside(tmp_path) as server:
        await server.registered("ada")
        assert good(await server.client().get(PATH)) == {"by_mail": False}
        answers = {_whole(await ask(server, f"{name}@example.org")) for name in ("ada", "nobody")}
        assert len(answers) == 1
        assert "Ask your organizer" in (await ask(server, "ada@example.org")).json()["detail"]
        assert server.parts.directory.outbox.count_waiting() == 0


@run_to_end
async def test_an_organizer_cannot_have_a_link_sent_to_another_address(tmp_path: Path) -> None:
    """Not for somebody who has signed in: whoever is imported with another address is another person."""
    async with mailing(tmp_path) as (server, mails):
        ada = await server.registered("ada")
        good(await server.client().post("/v1/session", json={"link": secret_of(ada["link"])}))
        rows = "name,email,accounts,attendee,id\nAda,eve@example.org,x:ada,{0},{0}\n".format(ada["attendee"])
        await server.organizer.post(
            f"/v1/conferences/{CONFERENCE}/attendees/csv", content=rows, headers={"content-type": "text/csv"}
        )
        await server.registered("ada", email="eve@example.org")
        assert server.parts.directory.people.get(CONFERENCE, ada["attendee"]).email == "ada@example.org"  # type: ignore[union-attr]
        good(await ask(server, "eve@example.org"))
        await until(lambda: len(mails.accepted) == 1)
        (secret,) = links_in(mails, "eve@example.org")
        assert good(await server.client().post("/v1/session", json={"link": secret}))["attendee"] != ada["attendee"]


@run_to_end
async def test_who_downloads_their_data_sees_their_mails_and_nobody_logs_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with mailing(tmp_path) as (server, mails):
        await server.registered("ada")
        good(await ask(server, "ada@example.org"))
        await until(lambda: len(mails.accepted) == 1)
        client = server.client()
        good(await client.post("/v1/session", json={"link": links_in(mails, "ada@example.org")[0]}))
        (mail,) = good(await client.get("/v1/me/data"))["mails"]
        assert (mail["kind"], mail["state"]) == ("lost", "accepted")
    logged = capsys.readouterr()
    assert "ada@" not in logged.out + logged.err
    assert "hw.link" not in logged.out + logged.err
