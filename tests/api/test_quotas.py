"""How many conferences an organizer may have, and how far it may move their rules: a share, so that others have theirs.

The attacks: one key opened 1,500 conferences; one opening with ``per_hour`` 1,000,000 filled the store that all share.
"""

from contextlib import ExitStack
from pathlib import Path

import pytest

from services.admission.policy_bounds import MAXIMA
from tests.api.people import CONFERENCE as OWN
from tests.api.people import OPENING, Attendee, Server, attendee, good, now, opened, stream, until


def opening(conference: str, number: int) -> dict[str, object]:
    return OPENING | {"type": "conference.opened", "conference": conference, "at": now(), "id": f"o-{number}"}


def test_open_conferences_of_an_organizer_are_bounded_by_every_way_in(tmp_path: Path) -> None:
    with Server(tmp_path, bounds={"open_conferences": 5, "stored_conferences": 8}) as narrow:
        organizer, operator = narrow.client("organizer"), narrow.client("operator")
        events = [opening(f"c-{number}", number) for number in range(20)]
        results = good(organizer.post("/v1/events", json=events))["results"]
        assert [each["status"] for each in results] == ["accepted"] * 5 + ["rejected"] * 15
        assert results[5]["reason"].startswith("This organizer has 5 open conferences")
        refused = organizer.put("/v1/conferences/c-9", json=OPENING)
        assert (refused.status_code, "Close one, or ask the operator." in refused.json()["detail"]) == (422, True)
        assert (
            good(organizer.put("/v1/conferences/c-0", json=OPENING))["status"] == "accepted"
        )  # changing one is no new
        good(narrow.client("other_organizer").put("/v1/conferences/c-9", json=OPENING))  # everybody has their own
        good(operator.put("/v1/conferences/c-10", json=OPENING))
        good(operator.post("/v1/conferences/c-10/owner", json={"organizer": "org-1"}))  # the operator may go further
        for number in range(6):
            good(organizer.post(f"/v1/conferences/{'c-10' if number == 5 else f'c-{number}'}/close"))
        for number in (11, 12):
            good(organizer.put(f"/v1/conferences/c-{number}", json=OPENING))
        refused = organizer.put("/v1/conferences/c-13", json=OPENING)
        assert "This server stores 8 conferences" in refused.json()["detail"]
        assert organizer.request("DELETE", "/v1/conferences/c-0", json={"erase": "c-0"}).status_code == 202
        good(organizer.put("/v1/conferences/c-13", json=OPENING))


def test_new_conferences_come_at_a_pace(tmp_path: Path) -> None:
    with Server(tmp_path, bounds={"rates": {"opening": [3, 1]}}) as narrow:
        organizer = narrow.client("organizer")
        codes = [organizer.put(f"/v1/conferences/p-{number}", json=OPENING).status_code for number in range(5)]
        assert codes == [200] * 3 + [429] * 2
        refused = organizer.put("/v1/conferences/p-4", json=OPENING)
        assert "The budget opening is used up: 3 new conferences at once" in refused.json()["detail"]
        assert organizer.put("/v1/conferences/p-0", json=OPENING).status_code == 200


@pytest.mark.parametrize("name", MAXIMA)
def test_an_organizers_rules_have_a_bound_and_the_operators_a_wider_one(server: Server, name: str) -> None:
    organizer, operator, path = server.client("organizer"), server.client("operator"), f"/v1/conferences/rules-{name}"
    path = path.replace("_", "-")
    most = MAXIMA[name]
    refused = organizer.put(path, json=OPENING | {"matching": {name: most + 1}})
    assert (refused.status_code, refused.json()["field"]) == (422, f"matching.{name}")
    assert f"at most {most:,} for an organizer" in refused.json()["detail"]
    event = opening(path.rpartition("/")[2], 1) | {"id": f"r-{name}", "matching": {name: most + 1}}
    (result,) = good(organizer.post("/v1/events", json=event))["results"]
    assert (result["status"], result["field"]) == ("rejected", f"matching.{name}")
    assert good(organizer.put(path, json=OPENING | {"matching": {name: most}}))["status"] == "accepted"
    assert good(operator.put(path, json=OPENING | {"matching": {name: most + 1}}))["status"] == "accepted"


def test_scanners_of_a_conference_share_what_it_has(tmp_path: Path) -> None:
    with Server(tmp_path, bounds={"rates": {"scanner": [10, 1]}}) as narrow:
        organizers = {name: opened(narrow, name) for name in ("one", "two")}
        scanners = {}
        for name, client in organizers.items():
            keys = [good(client.post(f"/v1/conferences/{name}/keys", json={"id": f"door-{n}"})) for n in range(2)]
            scanners[name] = [each["secret"] for each in keys]
        sent = [_scanned(narrow, secret, "one", 6) for secret in scanners["one"]]
        assert sent == [200, 429]
        assert [_scanned(narrow, secret, "two", 5) for secret in scanners["two"]] == [200, 200]


def test_nobody_takes_the_keys_that_are_there_for_all(tmp_path: Path) -> None:
    """The attack: 50 keys at each of 20 conferences were all that a server had; nobody else got one any more."""
    with Server(tmp_path) as server:
        organizer = server.client("organizer")
        made = []
        for name in (f"c-{number}" for number in range(5)):
            good(organizer.put(f"/v1/conferences/{name}", json=OPENING))
            path = f"/v1/conferences/{name}/keys"
            made += [organizer.post(path, json={"id": f"door-{number}"}) for number in range(45)]
        assert [answer.status_code for answer in made] == [201] * 200 + [422] * 25
        assert "This organizer has 200 keys." in made[-1].json()["detail"]
        rival = server.client("other_organizer")
        good(rival.put("/v1/conferences/rival", json=OPENING))
        good(rival.post("/v1/conferences/rival/keys", json={"id": "door"}))


def test_keys_that_are_made_and_ended_come_at_a_pace(tmp_path: Path) -> None:
    """Each stays in the operator's list for as long as it would have been good."""
    with Server(tmp_path, bounds={"rates": {"scanner_key": [3, 1]}}) as narrow:
        organizer = opened(narrow)
        path, codes = f"/v1/conferences/{OWN}/keys", []
        for number in range(5):
            answer = organizer.post(path, json={"id": f"door-{number}"})
            codes.append(answer.status_code)
            if answer.status_code == 201:
                assert organizer.delete(f"{path}/{answer.json()['key']}").status_code == 204
        assert codes == [201] * 3 + [429] * 2


def test_what_stands_in_an_address_is_kept_in_no_memory(tmp_path: Path) -> None:
    """The attack: addresses of 28,000 signs. The router remembered a thousand of anybody's, and the budget of links
    100,000 of an organizer's."""
    with Server(tmp_path) as server:
        organizer, nobody = opened(server), server.client()
        assert server.process is not None
        status, long = Path(f"/proc/{server.process.pid}/status"), "a" * 28_000
        attendees = f"/v1/conferences/{OWN}/attendees"
        for client in (organizer, nobody):
            for number in range(20):
                client.post(f"{attendees}/{number}/link")
            before = _resident_kb(status)
            for number in range(300):
                assert client.post(f"{attendees}/{long}{number}/link").status_code == 414
            assert _resident_kb(status) - before < 8_000
        assert organizer.post(f"{attendees}/nobody/link").status_code == 404


def _resident_kb(status: Path) -> int:
    (line,) = [each for each in status.read_text().splitlines() if each.startswith("VmRSS")]
    return int(line.split()[1])


def test_a_download_of_everything_comes_at_a_pace(tmp_path: Path) -> None:
    """The attack: each reads the whole log; fifty at once by one person kept everybody else waiting."""
    with Server(tmp_path, bounds={"rates": {}}) as server:
        ada = attendee(server, opened(server), "ada")
        codes = [ada.http.get("/v1/me/data").status_code for _ in range(5)]
        assert codes == [200] * 3 + [429] * 2
        assert ada.http.get("/v1/me").status_code == 200


def _scanned(server: Server, secret: str, conference: str, count: int) -> int:
    common = {"type": "checkin.arrived", "at": now(), "conference": conference, "attendee": "a1"}
    events = [common | {"id": f"{secret[-6:]}-{number}"} for number in range(count)]
    headers = {"authorization": f"Bearer {secret}"}
    return server.client().post("/v1/events", json=events, headers=headers).status_code


def test_tickets_that_nobody_has_come_at_a_pace_and_others_go_on(tmp_path: Path) -> None:
    with Server(tmp_path, bounds={"rates": {"unknown_tickets": [10, 1]}}) as narrow:
        organizer = opened(narrow, OWN)
        ada = attendee(narrow, organizer, "ada", OWN, verify=False)
        narrow.keys["flood"] = good(organizer.post(f"/v1/conferences/{OWN}/keys", json={"id": "flood"}))["secret"]
        flood = narrow.client("flood")

        def scans(who: str, count: int) -> list[dict[str, object]]:
            return [
                {"type": "checkin.arrived", "id": f"{who}-{number}", "at": now(), "conference": OWN, "attendee": who}
                for number in range(count)
            ]

        good(flood.post("/v1/events", json=scans(ada.id, 15)))  # whoever is registered costs nothing of it
        good(flood.post("/v1/events", json=scans("nobody", 15)))  # what came is stored as the contract says
        refused = until(lambda: (said := flood.post("/v1/events", json=scans(ada.id, 1))).status_code == 429 and said)
        assert (
            "unknown_tickets is used up: 10 check-ins of tickets that nobody is registered" in refused.json()["detail"]
        )
        assert int(refused.headers["retry-after"]) > 200
        (result,) = good(organizer.post("/v1/events", json=scans(ada.id, 1)))["results"]
        assert result["status"] == "accepted", result


def test_one_attendees_devices_and_one_conferences_people_leave_streams_for_others(tmp_path: Path) -> None:
    with Server(tmp_path, bounds={"streams_an_attendee": 2, "streams_a_conference": 3, "streams": 4}) as narrow:
        organizer = opened(narrow, OWN)
        ada, bob, cy = (attendee(narrow, organizer, name, OWN, verify=False) for name in ("ada", "bob", "cy"))
        other = attendee(narrow, opened(narrow, "other-hall"), "dee", "other-hall", verify=False)
        with ExitStack() as opening_streams:

            def status(who: Attendee) -> int:
                return opening_streams.enter_context(stream(narrow, who.http, "/v1/me/stream")).status

            assert [status(who) for who in (ada, ada, ada, bob, cy, other)] == [200, 200, 429, 200, 503, 200]
