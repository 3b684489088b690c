"""What a page says of an account is what the log has: through a kill, a newer proof, and claims of two."""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.people import ALL, Attendee, Server, attendee, good, opened, until

VERIFIER = "connector:verifier"


def accounts(http: httpx.Client) -> dict[str, str]:
    return {each["account"]: each["state"] for each in good(http.get("/v1/me"))["accounts"]}


def exported(http: httpx.Client) -> dict[str, str]:
    return {each["account"]: each["state"] for each in good(http.get("/v1/me/data"))["accounts"]}


def prove(server: Server, who: Attendee, account: str) -> Any:
    server.shows(account, who.say("/v1/me/accounts", account=account)["text"])
    return who.http.post("/v1/me/accounts/check", json={"account": account})


def test_killed_before_the_log_has_it_a_proof_is_finished_at_the_next_start(tmp_path: Path) -> None:
    with Server(tmp_path, killed_by=VERIFIER) as server:
        ada = attendee(server, opened(server), "ada", verify=False)
        token = ada.http.cookies["hallway_session"]
        server.shows(ada.account, ada.say("/v1/me/accounts", account=ada.account)["text"])
        with pytest.raises(httpx.TransportError):
            ada.http.post("/v1/me/accounts/check", json={"account": ada.account})
    with Server(tmp_path, killed_by=VERIFIER) as server:  # killed as soon as it tries: the log never has it
        pass
    with Server(tmp_path) as server:
        again = server.client()
        again.cookies.set("hallway_session", token)
        until(lambda: accounts(again) == {ada.account: "verified"})
        verified = [event for event in good(again.get("/v1/me/data"))["events"] if event["type"] == "account.verified"]
        assert len(verified) == 1


def test_what_did_not_reach_the_log_is_not_called_verified(tmp_path: Path) -> None:
    """The directory has noted it, the log has nothing, and nothing finishes it: as after a kill of an older version."""
    with Server(tmp_path, killed_by=VERIFIER) as server:
        ada = attendee(server, opened(server), "ada", verify=False)
        token = ada.http.cookies["hallway_session"]
        server.shows(ada.account, ada.say("/v1/me/accounts", account=ada.account)["text"])
        with suppress(httpx.TransportError):
            ada.http.post("/v1/me/accounts/check", json={"account": ada.account})
    base = sqlite3.connect(server.data / "directory" / "directory.sqlite")
    with base:
        assert base.execute("UPDATE codes SET proof = '{}'").rowcount == 1
    base.close()
    with Server(tmp_path) as server:
        again = server.client()
        again.cookies.set("hallway_session", token)
        assert accounts(again) == exported(again) == {ada.account: "unfinished"}
        assert not good(again.get("/v1/me"))["accounts"][0]["verified"]
        assert prove(server, Attendee(again, ada.id, ada.account), ada.account).json() == {"state": "verified"}
        assert accounts(again) == {ada.account: "verified"}


def test_a_claim_says_that_it_needs_proof(server: Server) -> None:
    organizer = opened(server)
    ada = attendee(server, organizer, "claims", verify=False)
    assert accounts(ada.http) == exported(ada.http) == {"x:claims": "needs_proof"}


def test_where_claims_count_one_that_two_make_counts_for_neither(server: Server) -> None:
    organizer = opened(server, "claimed", matching={"accounts": "claimed"})
    ada, bob = (attendee(server, organizer, name, "claimed", verify=False) for name in ("ada", "bob"))
    assert accounts(ada.http) == {"x:ada": "claimed"}
    body = {"name": "Bob", "email": "bob@example.org", "accounts": ["x:ada"], "consent": ALL}
    good(organizer.post("/v1/conferences/claimed/attendees", json=body))
    assert accounts(ada.http) == accounts(bob.http) == {"x:ada": "needs_proof"}
    good(organizer.post("/v1/conferences/claimed/attendees", json=body | {"accounts": []}))
    assert (accounts(ada.http), accounts(bob.http)) == ({"x:ada": "claimed"}, {})


def test_the_newest_proof_has_an_account_and_pages_say_so_to_both(server: Server) -> None:
    organizer = opened(server)
    ada, bob = (attendee(server, organizer, name, verify=False) for name in ("first", "second"))
    account = "x:handed-on"
    assert prove(server, ada, account).json() == {"state": "verified"}
    assert prove(server, bob, account).json() == {"state": "verified"}
    assert accounts(bob.http)[account] == exported(bob.http)[account] == "verified"
    assert accounts(ada.http)[account] == exported(ada.http)[account] == "lost"
    assert bob.id not in ada.http.get("/v1/me").text
    assert prove(server, ada, account).json() == {"state": "verified"}
    assert (accounts(ada.http)[account], accounts(bob.http)[account]) == ("verified", "lost")
    good(ada.http.request("DELETE", "/v1/me/accounts", json={"account": account}))
    assert (account in accounts(ada.http), accounts(bob.http)[account]) == (False, "lost")


def test_another_conference_takes_no_account_away(server: Server) -> None:
    organizer = opened(server)
    opened(server, "elsewhere")
    ada = attendee(server, organizer, "here-1", verify=False)
    bob = attendee(server, organizer, "there-1", "elsewhere", verify=False)
    assert prove(server, ada, "x:both").json() == prove(server, bob, "x:both").json() == {"state": "verified"}
    assert (accounts(ada.http)["x:both"], accounts(bob.http)["x:both"]) == ("verified", "verified")


def test_a_proof_that_is_on_its_way_is_withdrawn_with_the_account(tmp_path: Path) -> None:
    """Given up while the log is away: it does not come back when the log does."""
    with Server(tmp_path, killed_by=VERIFIER) as server:
        ada = attendee(server, opened(server), "ada", verify=False)
        token = ada.http.cookies["hallway_session"]
        server.shows(ada.account, ada.say("/v1/me/accounts", account=ada.account)["text"])
        with pytest.raises(httpx.TransportError):
            ada.http.post("/v1/me/accounts/check", json={"account": ada.account})
    with Server(tmp_path, held_back=VERIFIER) as server:
        again = server.client()
        again.cookies.set("hallway_session", token)
        assert accounts(again) == {ada.account: "unfinished"}
        good(again.request("DELETE", "/v1/me/accounts", json={"account": ada.account}))
        assert accounts(again) == {}
    with Server(tmp_path) as server:
        again = server.client()
        again.cookies.set("hallway_session", token)
        assert prove(server, Attendee(again, ada.id, "x:other"), "x:other").json() == {"state": "verified"}
        assert accounts(again) == {"x:other": "verified"}


def test_a_log_that_is_away_loses_no_proof(tmp_path: Path) -> None:
    with Server(tmp_path, held_back=VERIFIER) as server:
        ada = attendee(server, opened(server), "ada", verify=False)
        token = ada.http.cookies["hallway_session"]
        server.shows(ada.account, ada.say("/v1/me/accounts", account=ada.account)["text"])
        for _ in range(2):  # the second time without a look at the network: the code is used up
            answer = ada.http.post("/v1/me/accounts/check", json={"account": ada.account})
            assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        assert accounts(ada.http) == {ada.account: "unfinished"}
    with Server(tmp_path) as server:
        again = server.client()
        again.cookies.set("hallway_session", token)
        assert again.post("/v1/me/accounts/check", json={"account": ada.account}).json() == {"state": "verified"}
        assert accounts(again) == {ada.account: "verified"}
