"""An organizer mails links to all who have never signed in; an operator sees whether mail works."""

from pathlib import Path
from typing import Any

import pytest

from services.mail import connection as connection_module
from tests.api.in_process import QUIET, Inside, inside, run_to_end
from tests.api.people import CONFERENCE, good, secret_of
from tests.mail.smtp_server import mail_server, texts_of
from tests.runtime.harness import until

pytestmark = QUIET
PATH = f"/v1/conferences/{CONFERENCE}/attendees/mailing"
NONE: dict[str, Any] = {
    "by_mail": True, "unmailed": 0, "waiting": 0, "accepted": 0, "refused": 0, "late": 0, "unclear": 0,
    "refused_attendees": [], "trouble": None,
}  # fmt: skip


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_FIRST_S", 0.001)
    monkeypatch.setattr(connection_module, "_MOST_S", 0.002)


async def shown(server: Inside) -> dict[str, Any]:
    found: dict[str, Any] = good(await server.organizer.get(PATH))
    return found


@run_to_end
async def test_a_mailing_reaches_each_who_has_never_signed_in(tmp_path: Path) -> None:
    async with mail_server() as mails, inside(tmp_path, smtp=mails.settings()) as server:
        assert await shown(server) == NONE
        made = {name: await server.registered(name) for name in ("ada", "bob", "eve")}
        await server.registered("kim", email="")
        good(await server.client().post("/v1/session", json={"link": secret_of(made["bob"]["link"])}))
        mails.answers["eve@example.org"] = ["550 5.1.1 no such user"]
        assert await shown(server) == NONE | {"unmailed": 2}
        assert good(await server.organizer.post(PATH))["unmailed"] == 0
        await until(lambda: server.parts.directory.outbox.counts(CONFERENCE).waiting == 0)
        done = NONE | {"accepted": 1, "refused": 1, "refused_attendees": [made["eve"]["attendee"]]}
        assert await shown(server) == done
        assert good(await server.organizer.post(PATH)) == done
        assert mails.recipients == ["ada@example.org"]
        plain, _ = texts_of(mails.mail_to("ada@example.org"))
        secret = next(secret_of(line) for line in plain.splitlines() if "/welcome#" in line)
        answer = good(await server.client().post("/v1/session", json={"link": secret}))
        assert answer["attendee"] == made["ada"]["attendee"]
        assert secret not in (await server.organizer.get(PATH)).text


@run_to_end
async def test_a_mail_server_that_is_away_is_said_to_each_as_it_concerns_them(tmp_path: Path) -> None:
    async with mail_server() as mails:
        settings = mails.settings()
    async with inside(tmp_path, smtp=settings) as server:
        await server.registered("ada")
        good(await server.organizer.post(PATH))
        await until(lambda: server.parts.mailer.trouble is not None)
        found = await shown(server)
        assert found["waiting"] == 1
        assert "operator" in found["trouble"]
        assert str(settings.port) not in found["trouble"]
        ready = good(await server.client().get("/healthz/ready"))
        assert ready["status"] == "ready"
        assert "hallway mail status" in ready["notice"]
        operator = server.client(server.parts.directory.keys.issue_key("operator", "root"))
        state = good(await operator.get("/v1/mail"))
        assert (state["enabled"], state["waiting"]) == (True, 1)
        assert f"127.0.0.1:{settings.port} cannot be reached" in state["trouble"]
        tested = await operator.post("/v1/mail/test", json={"email": "ops@example.org"})
        assert (tested.status_code, tested.json()["type"]) == (502, "urn:hallway:problem:mail-server")
        assert "cannot be reached" in tested.json()["detail"]
        metrics = (await operator.get("/metrics")).text
        assert "hallway_mail_works 0.0" in metrics
        assert "hallway_mails_waiting 1.0" in metrics


@run_to_end
async def test_a_test_mail_has_a_plain_answer(tmp_path: Path) -> None:
    async with mail_server() as mails, inside(tmp_path, smtp=mails.settings()) as server:
        operator = server.client(server.parts.directory.keys.issue_key("operator", "root"))
        mails.answers["no@example.org"] = ["550 5.1.1 no such user"]
        mails.answers["relay@example.org"] = ["550 5.7.1 relaying denied"]
        mails.answers["later@example.org"] = ["451 later"]
        said = {}
        for name in ("ops", "no", "relay", "later"):
            answer = good(await operator.post("/v1/mail/test", json={"email": f"{name}@example.org"}))
            said[name] = answer["delivery"]
            assert len(answer["text"]) > 20
        assert said == {"ops": "accepted", "no": "refused", "relay": "refused", "later": "delayed"}
        assert mails.recipients == ["ops@example.org"]
        bad = await operator.post("/v1/mail/test", json={"email": "a@b"})
        assert (bad.status_code, bad.json()["field"]) == (422, "email")
        assert (await server.organizer.post("/v1/mail/test", json={"email": "a@b.org"})).status_code == 403


@run_to_end
async def test_without_a_mail_server_nothing_is_offered(tmp_path: Path) -> None:
    async with inside(tmp_path) as server:
        made = await server.registered("ada")
        assert await shown(server) == NONE | {"by_mail": False}
        operator = server.client(server.parts.directory.keys.issue_key("operator", "root"))
        for client, path, body in (
            (server.organizer, PATH, None),
            (operator, "/v1/mail/test", {"email": "ops@example.org"}),
        ):
            answer = await client.post(path, json=body)
            assert (answer.status_code, answer.json()["type"]) == (404, "urn:hallway:problem:mail")
        assert good(await operator.get("/v1/mail"))["enabled"] is False
        assert good(await server.client().get("/healthz/ready")) == {"status": "ready"}
        good(await server.client().post("/v1/session", json={"link": secret_of(made["link"])}))
        link = await server.organizer.post(f"/v1/conferences/{CONFERENCE}/attendees/{made['attendee']}/link")
        assert "register them again" in link.json()["detail"]


@run_to_end
async def test_a_closed_conference_and_a_full_outbox_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with mail_server() as mails, inside(tmp_path, smtp=mails.settings()) as server:
        made = await server.registered("ada")
        monkeypatch.setattr("services.directory.sqlite.outbox.MOST_MAILS_WAITING", 0)
        full = await server.organizer.post(PATH)
        assert (full.status_code, full.json()["type"]) == (503, "urn:hallway:problem:mail-full")
        monkeypatch.undo()
        good(await server.client().post("/v1/session", json={"link": secret_of(made["link"])}))
        link = await server.organizer.post(f"/v1/conferences/{CONFERENCE}/attendees/{made['attendee']}/link")
        assert "by mail" in link.json()["detail"]
        good(await server.organizer.post(f"/v1/conferences/{CONFERENCE}/close"))
        assert (await server.organizer.post(PATH)).status_code == 409
        assert mails.accepted == []
