"""Roles: every route of the OpenAPI document with every role; the named ones are authorized, others get the reason."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from services.api.shared.roles import CALLERS
from tests.api.people import CONFERENCE, OPENING, Server, attendee, good, now, opened, post, stream

VALUES = defaultdict(lambda: "1", conference=CONFERENCE, attendee="nobody")
_JSON = {"content-type": "application/json"}
_PERSON = {"name": "N", "accounts": [], "consent": {"matching": False, "chats": False, "share_place": False}}
_CONNECTOR = {"config": {"kind": "pretix", "organizer": "o", "event": "e", "lists": [{"list": 1}]}, "secrets": {}}
ENDS_THE_SESSION = "/v1/session"  # tried last
STREAMS = ("/v1/me/stream", f"/v1/conferences/{CONFERENCE}/stream")


@pytest.fixture(scope="module")
def callers(server: Server) -> dict[str, httpx.Client]:
    organizer = opened(server)
    found = {role: server.client(role) for role in ("connector", "operator", "other_organizer")}
    return found | {
        "organizer": organizer,
        "attendee": attendee(server, organizer, "ada").http,
        "nobody": server.client(),
    }


def operations(server: Server) -> Iterator[tuple[str, str, frozenset[str]]]:
    document = good(server.client().get("/schema/openapi.json"))
    for path, methods in sorted(document["paths"].items(), key=lambda item: item[0] == ENDS_THE_SESSION):
        for method, operation in methods.items():
            yield method.upper(), path.format_map(VALUES), frozenset(operation["x-hallway-roles"])


def status(client: httpx.Client, server: Server, method: str, path: str) -> tuple[int, Any]:
    if path in STREAMS and method == "GET":
        with stream(server, client, path) as live:
            if live.status == 200:
                return live.status, None
    answer = client.request(method, path, content=b"{}", params={"a": "a", "b": "b"}, headers=_JSON)
    return answer.status_code, answer


def test_another_organizers_conference_is_closed_to_it(server: Server, callers: dict[str, httpx.Client]) -> None:
    other = callers["other_organizer"]
    for method, path, roles in operations(server):
        if f"/{CONFERENCE}" in path and "organizer" in roles:
            bodies = {"PUT": OPENING, "DELETE": {"erase": CONFERENCE}}
            ends = {
                "/keys": {"id": "x"},
                "/owner": {"organizer": "org-2"},
                "/connectors/1": _CONNECTOR,
                "/test": _CONNECTOR,
                "/history": {"days": 1},
            }
            body = next((said for end, said in ends.items() if path.endswith(end)), bodies.get(method, _PERSON))
            answer = other.request(method, path, json=body, params={"a": "a", "b": "b"})
            expected = 422 if method == "PUT" and path.endswith(f"/{CONFERENCE}") else 403
            assert answer.status_code == expected, (method, path, answer.text)
    unknown = other.get("/v1/conferences/not-there/overview")
    assert unknown.json() == other.get(f"/v1/conferences/{CONFERENCE}/overview").json()


def test_events_are_taken_by_role(server: Server, callers: dict[str, httpx.Client]) -> None:
    common = {"at": "2026-01-01T00:00:00Z", "conference": CONFERENCE, "attendee": "somebody-else"}
    tried = [
        common | {"type": "checkin.arrived", "id": "1"},
        common | {"type": "match.answered", "id": "2", "match": "m", "answer": "accepted"},
        common | {"type": "consent.changed", "id": "3", "matching": True},
        common | {"type": "account.verified", "id": "4", "account": "x:a", "method": "code"},
        common | {"type": "clock.ticked", "id": "5"},
    ]
    accepted = {
        role: [result["status"] for result in good(callers[role].post("/v1/events", json=tried))["results"]]
        for role in (*CALLERS, "other_organizer")
    }
    taken = ["accepted", *["rejected"] * 4]
    assert accepted == {role: ["rejected"] * 5 for role in accepted} | {"organizer": taken}


def test_posts_are_brought_by_connectors_and_of_verified_accounts_alone(
    server: Server, callers: dict[str, httpx.Client]
) -> None:
    """The attack: an organizer's own posts made two strangers known to each other."""
    deleted = {"type": "activity.deleted", "id": "x:gone", "at": now(), "actor": "x:stranger-a", "deleted": "x:1"}
    tried = [post("x:stranger-a", "x:stranger-b"), post("x:stranger-b", "x:stranger-a"), deleted]
    tried += [each | {"conference": CONFERENCE, "id": f"{each['id']}-2"} for each in tried]
    taken = {
        role: [result["status"] for result in good(callers[role].post("/v1/events", json=tried))["results"]]
        for role in (*CALLERS, "other_organizer")
    }
    nothing = ["rejected"] * 6
    assert taken == dict.fromkeys(taken, nothing) | {"connector": ["accepted"] * 3 + ["rejected"] * 3}
    said = good(callers["organizer"].post("/v1/events", json=tried[0]))["results"][0]
    assert (said["reason"], said["field"]) == ("An organizer may not send activity.posted.", "type")


def test_a_cookie_alone_changes_nothing(server: Server, callers: dict[str, httpx.Client]) -> None:
    cookie = {"cookie": f"hallway_session={callers['organizer'].cookies.get('x', '')}"}
    organizer = good(server.client().post("/v1/organizer-session", json={"key": server.keys["organizer"]}))
    assert organizer == {"organizer": "org-1", "role": "organizer"}
    with httpx.Client(base_url=server.address) as page:
        page.post("/v1/organizer-session", json={"key": server.keys["organizer"]})
        assert page.get(f"/v1/conferences/{CONFERENCE}/overview").status_code == 200
        refused = page.put(f"/v1/conferences/{CONFERENCE}", json=OPENING)
        assert (refused.status_code, "X-Hallway" in refused.json()["detail"]) == (403, True)
        assert page.put(f"/v1/conferences/{CONFERENCE}", json=OPENING, headers={"x-hallway": "1"}).status_code == 200
        assert page.delete("/v1/organizer-session", headers={"x-hallway": "1"}).status_code == 204
        assert page.get(f"/v1/conferences/{CONFERENCE}/overview").status_code == 401
    assert server.client().get("/v1/me", headers=cookie).status_code == 401


def test_an_organizer_is_an_attendee_too_in_the_same_browser(server: Server, callers: dict[str, httpx.Client]) -> None:
    page = attendee(server, callers["organizer"], "both").http
    good(page.post("/v1/organizer-session", json={"key": server.keys["organizer"]}))
    assert page.get("/v1/me").status_code == 200
    overview = f"/v1/conferences/{CONFERENCE}/overview"
    assert page.get(overview).status_code == 200
    assert page.delete("/v1/session").status_code == 204
    assert (page.get("/v1/me").status_code, page.get(overview).status_code) == (403, 200)


def test_bad_tokens_are_refused_and_then_slowed(tmp_path: Any) -> None:
    with Server(tmp_path, bounds={"rates": {"sign_in": [3, 1], "attendee": [10, 1]}}) as narrow:
        organizer = opened(narrow)
        ada = attendee(narrow, organizer, "ada")
        seen = [ada.http.get("/v1/me").status_code for _ in range(12)]
        assert seen[0] == 200
        assert seen[-1] == 429
        assert int(ada.http.get("/v1/me").headers["retry-after"]) >= 1
        guesses = ["hw.key.x.y", "hw.session.0000000000000000.a", "é" * 9, "x" * 5_000]
        for guess in guesses:
            headers = {b"authorization": f"Bearer {guess}".encode()}
            assert narrow.client().get("/v1/me", headers=headers).status_code in (401, 429)
        assert narrow.client().post("/v1/session", json={"link": "nothing"}).status_code == 429
        assert narrow.client("organizer").get(f"/v1/conferences/{CONFERENCE}/overview").status_code == 200


def test_every_route_with_every_role(server: Server, callers: dict[str, httpx.Client]) -> None:
    found = list(operations(server))
    assert len(found) > 30
    for method, path, roles in found:
        for role in ("nobody", *CALLERS):
            got, answer = status(callers[role], server, method, path)
            inside = role in roles or not roles.isdisjoint({"everybody", "loopback"})
            if inside:
                assert got not in ((403,) if path == "/v1/session" else (401, 403)), (method, path, role)
            else:
                assert got == (401 if role == "nobody" else 403), (method, path, role)
                assert answer.headers["content-type"] == "application/problem+json"
                assert set(answer.json()) >= {"type", "title", "status", "detail"}
            assert got < 500
