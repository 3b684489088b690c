"""Keys for connectors and organizers: made by the operator, shown once, good for what they say, over when revoked."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout

import httpx
import pytest

from services.cli.main import main
from tests.api.people import LIMIT_S, Server, good, now, opened, post, stream


@pytest.fixture(scope="module")
def operator(server: Server) -> httpx.Client:
    return server.client("operator")


def with_key(server: Server, secret: str) -> httpx.Client:
    return httpx.Client(base_url=server.address, headers={"authorization": f"Bearer {secret}"}, timeout=LIMIT_S)


def arrived(conference: str, number: int) -> dict[str, str]:
    common = {"type": "checkin.arrived", "at": now(), "conference": conference, "attendee": "a1"}
    return common | {"id": f"arrived-{number}"}


def statuses(client: httpx.Client, *events: dict[str, object]) -> list[str]:
    return [result["status"] for result in good(client.post("/v1/events", json=list(events)))["results"]]


def test_a_connectors_key_is_good_for_what_it_says_until_it_is_revoked(server: Server, operator: httpx.Client) -> None:
    for conference in ("doors", "other"):
        opened(server, conference)
    body = {"role": "connector", "id": "badges", "conferences": ["doors"], "checkins": True, "days": 2}
    made = operator.post("/v1/keys", json=body)
    assert made.status_code == 201
    key, secret = made.json()["key"], made.json()["secret"]
    with with_key(server, secret) as badges:
        tried = [arrived("doors", 1), arrived("other", 2), dict(post("x:a", "x:b"))]
        assert statuses(badges, *tried) == ["accepted", "rejected", "accepted"]
        listed = good(operator.get("/v1/keys"))["keys"]
        (row,) = [each for each in listed if each["key"] == key]
        assert (row["role"], row["id"], row["conferences"]) == ("connector", "badges", ["doors"])
        assert row["last_used_at"]
        assert not row["revoked"]
        assert secret.split(".")[3] not in json.dumps(listed)
        assert operator.delete(f"/v1/keys/{key}").status_code == 204
        assert badges.post("/v1/events", json=[arrived("doors", 3)]).status_code == 401
    assert operator.delete(f"/v1/keys/{key}").status_code == 404
    secrets = secret.split(".")[3].encode()
    assert not [path for path in server.data.rglob("*") if path.is_file() and secrets in path.read_bytes()]


@pytest.mark.parametrize(
    "body",
    [
        {"role": "connector", "id": "operator"},
        {"role": "connector", "id": "clock"},
        {"role": "connector", "id": "verifier"},
        {"role": "connector", "id": "a b"},
        {"role": "connector", "id": "badges", "checkins": True},
        {"role": "organizer", "id": "org", "conferences": ["c"], "checkins": True},
        {"role": "organizer", "id": "org", "days": 0},
        {"role": "organizer", "id": "org", "days": 10_000},
        {"role": "organizer", "id": "org", "conferences": ["not an id"]},
    ],
)
def test_what_no_key_is_made_for(operator: httpx.Client, body: dict[str, object]) -> None:
    answer = operator.post("/v1/keys", json=body)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:hallway:problem:key")


@pytest.mark.parametrize("role", ["operator", "attendee"])
def test_keys_of_operators_and_attendees_are_not_made_here(operator: httpx.Client, role: str) -> None:
    assert operator.post("/v1/keys", json={"role": role, "id": "x"}).status_code == 400


def test_an_organizers_key_ends_with_its_sessions_and_streams(server: Server, operator: httpx.Client) -> None:
    opened(server, "shared")
    body = {"role": "organizer", "id": "helper", "conferences": ["shared"]}
    made = good(operator.post("/v1/keys", json=body))
    with httpx.Client(base_url=server.address, headers={"x-hallway": "1"}, timeout=LIMIT_S) as page:
        good(page.post("/v1/organizer-session", json={"key": made["secret"]}))
        assert [each["id"] for each in good(page.get("/v1/conferences"))["conferences"]] == ["shared"]
        token = page.cookies["hallway_organizer"]
        # A session taken for a key makes a session of the same key: it ends with it too.
        good(page.post("/v1/organizer-session", json={"key": token}))
        with stream(server, page, "/v1/conferences/shared/stream") as live:
            live.next()
            assert operator.delete(f"/v1/keys/{made['key']}").status_code == 204
            while live.next()["event"] != "end":
                pass
        assert page.get("/v1/conferences").status_code == 401
    listed = good(operator.get("/v1/keys"))["keys"]
    assert [each["revoked"] for each in listed if each["id"] == "helper"] == [True]


def test_an_organizer_makes_keys_that_reach_no_further_than_its_routes(server: Server, operator: httpx.Client) -> None:
    organizer, where = opened(server, "gate"), "/v1/conferences/gate/keys"
    opened(server, "next-door")
    good(operator.post("/v1/keys", json={"role": "connector", "id": "all", "conferences": ["gate"], "checkins": True}))
    made = organizer.post(where, json={"id": "door-1", "days": 2})
    assert made.status_code == 201
    key, secret = made.json()["key"], made.json()["secret"]
    with with_key(server, secret) as scanner:
        deleted = {"type": "activity.deleted", "id": "d-1", "at": now(), "actor": "x:a", "post": "p"}
        tried = [arrived("gate", 1), arrived("next-door", 2), dict(post("x:a", "x:b")), deleted]
        assert statuses(scanner, *tried) == ["accepted", "rejected", "rejected", "rejected"]
        assert scanner.get(where).status_code == 403
        mine, others = good(organizer.get(where))["keys"]
        assert (mine["key"], mine["id"], mine["own"], bool(mine["last_used_at"])) == (key, "door-1", True, True)
        assert (others["id"], others["own"]) == ("all", False)
        assert secret.split(".")[3] not in organizer.get(where).text
        assert organizer.delete(f"{where}/{others['key']}").status_code == 403
        assert organizer.delete(f"/v1/conferences/next-door/keys/{key}").status_code == 404
        assert organizer.delete(f"{where}/{key}").status_code == 204
        assert scanner.post("/v1/events", json=[arrived("gate", 3)]).status_code == 401
    assert organizer.delete(f"{where}/{key}").status_code == 404
    assert [each["id"] for each in good(organizer.get(where))["keys"]] == ["all"]


def test_what_no_organizer_gets_a_key_for(server: Server) -> None:
    organizer, where = opened(server, "full"), "/v1/conferences/full/keys"
    for body in ({"id": "clock"}, {"id": "door", "days": 0}, {"id": "door", "days": 10_000}, {"id": "a b"}):
        assert organizer.post(where, json=body).status_code in (400, 422), body
    for body in ({"id": "door", "checkins": False}, {"id": "door", "conferences": ["gate"]}, {"role": "operator"}):
        assert organizer.post(where, json=body).status_code == 400, body
    for _ in range(50):
        good(organizer.post(where, json={"id": "door"}))
    refused = organizer.post(where, json={"id": "door"})
    assert (refused.status_code, "50 keys" in refused.json()["detail"]) == (422, True)
    good(organizer.post("/v1/conferences/full/close"))
    assert organizer.post(where, json={"id": "door"}).status_code == 409


def command(server: Server, *arguments: str, key: str = "operator", code: int = 0) -> str:
    """As `hallway` in a terminal, but in this process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setenv("HALLWAY_KEY", server.keys[key])
        assert main(["keys", *arguments]) == code, err.getvalue()
    return err.getvalue() if code else out.getvalue()


def test_the_command_speaks_to_a_running_server(server: Server) -> None:
    url = ("--url", server.address)
    secret = command(server, "add", "connector", "by-command", "--days", "1", *url).strip()
    with with_key(server, secret) as connector:
        assert statuses(connector, post("x:a", "x:b")) == ["accepted"]
    (row,) = [row for row in map(json.loads, command(server, "list", *url).splitlines()) if row["id"] == "by-command"]
    command(server, "revoke", row["key"], *url)
    with with_key(server, secret) as connector:
        assert connector.get("/v1/conferences").status_code == 401
    said = command(server, "list", *url, key="organizer", code=2)
    assert "role organizer may not do this" in said
    locked = command(server, "list", "--data", str(server.data), code=2)
    assert "in use by process" in locked
    assert "--url" in locked
