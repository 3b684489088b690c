"""An attendee's own posts: of verified accounts alone, and each person as much as one person says.

The attack: one attendee uploaded 23 MB of posts, which became 460 MB on the disk, and others waited 13 seconds.
"""

import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.people import (
    ALL,
    CONFERENCE,
    OPENING,
    Attendee,
    Server,
    attendee,
    device,
    good,
    now,
    opened,
    post,
    records_in,
)


def rows(server: Server, table: str, file: str = "directory.sqlite") -> int:
    """How many rows a table of the directory has."""
    base = sqlite3.connect(f"file:{server.data / 'directory' / file}?mode=ro", uri=True)
    try:
        return int(base.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  # a name from here
    finally:
        base.close()


def sent(who: Attendee, *posts: dict[str, Any]) -> list[tuple[str, str | None]]:
    results = good(who.http.post("/v1/events", json=list(posts)))["results"]
    return [(each["status"], each.get("field")) for each in results]


def length(server: Server) -> int:
    """How many records the conference's log has."""
    return records_in(server.client())


@pytest.fixture(scope="module")
def people(server: Server) -> tuple[Attendee, Attendee, Attendee]:
    organizer = opened(server)
    ada, bob = attendee(server, organizer, "ada"), attendee(server, organizer, "bob")
    return ada, bob, attendee(server, organizer, "claims", verify=False)


def test_posts_that_cannot_count_leave_nothing(server: Server, people: tuple[Attendee, Attendee, Attendee]) -> None:
    ada, _, claims = people
    before = rows(server, "accounts"), rows(server, "posts", "posts.sqlite"), length(server)
    others = [post(actor, f"x:new-{number}") for number, actor in enumerate(("x:bob", "x:nobody", "x:ada2") * 50)]
    assert set(sent(ada, *others)) == {("rejected", "actor")}
    assert set(sent(claims, post(claims.account, "x:new-a"))) == {("rejected", "actor")}
    old = post("x:ada", "x:new-b") | {"at": "2024-01-01T00:00:00Z"}
    reposted = post("x:ada", "x:new-c") | {"repost_of": "x:bob"}
    assert sent(ada, old, reposted) == [("rejected", "at"), ("rejected", "repost_of")]
    assert (rows(server, "accounts"), rows(server, "posts", "posts.sqlite"), length(server)) == before


def test_posts_of_a_verified_account_are_taken_until_it_is_given_up(
    server: Server, people: tuple[Attendee, Attendee, Attendee]
) -> None:
    ada, bob, _ = people
    assert sent(ada, post("x:ada", "x:bob"), post("X:Ada", "x:bob")) == [("accepted", None)] * 2
    good(bob.http.request("DELETE", "/v1/me/accounts", json={"account": "x:bob"}))
    assert sent(bob, post("x:bob", "x:ada")) == [("rejected", "actor")]


def narrow(tmp_path: Path, **rates: list[int]) -> Server:
    wide = [1_000_000, 10_000_000]
    return Server(tmp_path, bounds={"rates": {"attendee": wide, "upload": wide} | rates})


def refused(answer: httpx.Response, budget: str) -> None:
    assert answer.status_code == 429, answer.text
    assert f"The budget {budget} is used up" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) >= 1


def test_new_accounts_are_paid_for_by_who_names_them(tmp_path: Path) -> None:
    with narrow(tmp_path, attendee_accounts=[30, 1], connector_accounts=[40, 1]) as server:
        organizer = opened(server)
        ada, bob = attendee(server, organizer, "ada"), attendee(server, organizer, "bob")
        many = [post("x:ada", f"x:new-{number}") for number in range(25)]
        assert sent(ada, *many) == [("accepted", None)] * 25
        before = rows(server, "accounts")
        more = [post("x:ada", f"x:more-{number}") for number in range(25)]
        refused(ada.http.post("/v1/events", json=more), "attendee_accounts")
        assert rows(server, "accounts") == before
        again = [post("x:ada", f"x:new-{number}") for number in range(25)]
        assert sent(ada, *again) == [("accepted", None)] * 25  # whom one named before costs nothing
        assert sent(bob, post("x:bob", "x:new-z")) == [("accepted", None)]  # everybody has their own
        with server.client("connector") as connector:
            brought = [post(f"x:c-{number}") for number in range(41)]
            good(connector.post("/v1/events", json=brought[:40]))
            refused(connector.post("/v1/events", json=brought[40:]), "connector_accounts")


def test_what_a_budget_lets_through_does_not_tell_whom_others_named(tmp_path: Path) -> None:
    """The attack: use the budget up, then name somebody. It was refused for who is unknown here, and taken for who is
    registered or was blocked by anybody."""
    with narrow(tmp_path, attendee_accounts=[4, 1], organizer_accounts=[5, 1]) as server:
        organizer = opened(server)
        ada, bob = attendee(server, organizer, "ada"), attendee(server, organizer, "bob")
        with server.client("other_organizer") as other:
            good(other.put("/v1/conferences/theirs", json=OPENING))
            person = {"name": "Q", "accounts": ["x:quiet"], "consent": ALL}
            good(other.post("/v1/conferences/theirs/attendees", json=person | {"email": "q@example.org"}))
        block = {"type": "attendee.blocked", "id": "b", "at": now(), "conference": CONFERENCE, "attendee": bob.id}
        assert sent(bob, block | {"blocked": "x:pest"}) == [("accepted", None)]
        assert sent(ada, post("x:ada", "x:one", "x:two")) == [("accepted", None)]
        for names in (["x:new", "x:newer"], ["x:quiet", "x:pest"], ["x:quiet", "x:newer"]):
            refused(ada.http.post("/v1/events", json=[post("x:ada", *names)]), "attendee_accounts")
        body = {"name": "P", "consent": ALL}
        for number, names in enumerate((["x:fresh"] * 4, ["x:quiet", "x:pest", "x:bob", "x:c"], ["x:d", "x:e", "x:f"])):
            answer = organizer.post(
                f"/v1/conferences/{CONFERENCE}/attendees",
                json=body | {"email": f"{number}@example.org", "accounts": names},
            )
            assert answer.status_code == (429 if number else 200)


def test_a_word_in_an_event_makes_it_no_post(tmp_path: Path) -> None:
    """The attack: ``activity.`` in a note let 50,000 check-ins through where 60 may come."""
    with narrow(tmp_path, attendee=[20, 1], upload=[1_000, 1]) as server:
        ada = attendee(server, opened(server), "ada")
        common = {"type": "checkin.arrived", "at": now(), "conference": CONFERENCE, "attendee": ada.id}
        scans = [common | {"id": f"n-{number}", "note": '"type":"activity.posted"'} for number in range(15)]
        ada.http.post("/v1/events", json=scans)
        refused(ada.http.post("/v1/events", json=scans), "attendee")


def test_bytes_and_posts_are_paid_for_by_person_whatever_number_of_sessions_they_have(tmp_path: Path) -> None:
    with narrow(tmp_path, upload=[100, 1], attendee_kib=[20, 1]) as server:
        organizer = opened(server)
        ada, bob = attendee(server, organizer, "ada"), attendee(server, organizer, "bob")
        assert sent(ada, *[post("x:ada", "x:bob") for _ in range(60)])[0] == ("accepted", None)
        second = device(server, ada)
        refused(second.post("/v1/events", json=[post("x:ada", "x:bob") for _ in range(60)]), "upload")
        refused(second.post("/v1/events", content=b"[" + b" " * 19_000 + b"]"), "attendee_kib")
        assert sent(bob, post("x:bob", "x:ada")) == [("accepted", None)]
        assert ada.http.get("/v1/me").status_code == 200  # reading is not paid for with what one brings
