"""Whose a conference is: who opens it first, whoever changes it later; and how it becomes somebody else's.

The attack: a helper's PUT took the conference from who had opened it, an operator's left it with nobody.
"""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.people import LIMIT_S, OPENING, Server, good, now, opened, stream, until


def helper(server: Server, name: str, *conferences: str) -> httpx.Client:
    body = {"role": "organizer", "id": name, "conferences": list(conferences)}
    secret = good(server.client("operator").post("/v1/keys", json=body))["secret"]
    return httpx.Client(base_url=server.address, headers={"authorization": f"Bearer {secret}"}, timeout=LIMIT_S)


def owner(server: Server, conference: str) -> str:
    found: str = good(server.client("operator").get(f"/v1/conferences/{conference}"))["organizer"]
    return found


def as_event(conference: str, number: int) -> dict[str, Any]:
    said = {"type": "conference.opened", "conference": conference, "id": f"again-{conference}-{number}", "at": now()}
    return OPENING | said | {"organizer": "org-2"}


def test_whoever_changes_it_it_stays_whose_it_was(server: Server) -> None:
    organizer, operator = opened(server, "mine"), server.client("operator")
    path = "/v1/conferences/mine"
    with helper(server, "helps", "mine") as helps:
        for number, who in enumerate((helps, operator, organizer)):
            assert good(who.put(path, json=OPENING | {"name": f"By {number}"}))["status"] == "accepted"
            assert owner(server, "mine") == "org-1"
            results = good(who.post("/v1/events", json=as_event("mine", number)))["results"]
            assert results[0]["status"] == "accepted"
            assert owner(server, "mine") == "org-1"
        assert organizer.get(f"{path}/overview").status_code == 200
        assert helps.post(f"{path}/owner", json={"organizer": "helps"}).status_code == 403


def test_an_operators_own_stays_the_operators(server: Server) -> None:
    operator = server.client("operator")
    good(operator.put("/v1/conferences/house", json=OPENING))
    with helper(server, "helps-house", "house") as helps:
        good(helps.put("/v1/conferences/house", json=OPENING))
        assert owner(server, "house") == ""
    assert server.client("organizer").put("/v1/conferences/house", json=OPENING).status_code == 422


def test_an_owner_hands_it_to_who_works_on_it_and_the_operator_to_anybody(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        organizer, other = opened(server, "given"), server.client("other_organizer")
        path = "/v1/conferences/given"
        refused = organizer.post(f"{path}/owner", json={"organizer": "org-2"})
        assert (refused.status_code, "has no organizer's key for this conference" in refused.json()["detail"]) == (
            422,
            True,
        )
        assert other.post(f"{path}/owner", json={"organizer": "org-2"}).status_code == 403
        assert server.client("connector").post(f"{path}/owner", json={"organizer": "posts"}).status_code == 403
        with helper(server, "org-3", "given") as third, stream(server, organizer, f"{path}/stream") as live:
            handed = good(organizer.post(f"{path}/owner", json={"organizer": "org-3"}))
            assert handed == {"conference": "given", "organizer": "org-3"}
            while live.next()["event"] != "end":
                pass
            assert organizer.get(path).status_code == 403  # whose it was, has it no more
            assert good(third.get(path))["opening"]["name"] == OPENING["name"]
            operator = server.client("operator")
            assert operator.post(f"{path}/owner", json={"organizer": "nobody"}).status_code == 422
            assert good(operator.post(f"{path}/owner", json={"organizer": "org-2"}))["organizer"] == "org-2"
            good(third.put(path, json=OPENING))
        assert owner(server, "given") == "org-2"
        errors = server.errors.read_text()
        assert errors.count('"conference transferred"') == 2
        assert '"organizer:org-1"' in errors
        assert '"operator:root"' in errors
        server.kill()
        with server:  # the log says it
            assert until(lambda: owner(server, "given")) == "org-2"
            assert server.client("organizer").get(path).status_code == 403
            good(server.client("other_organizer").post(f"{path}/close"))
            last = server.client("other_organizer").post(f"{path}/owner", json={"organizer": "org-2"})
            assert last.status_code == 409


@pytest.mark.parametrize("body", [{}, {"organizer": "a b"}, {"organizer": "x", "more": 1}])
def test_what_is_no_handing_over(server: Server, body: dict[str, Any]) -> None:
    organizer = opened(server, "kept")
    assert organizer.post("/v1/conferences/kept/owner", json=body).status_code in (400, 422)
