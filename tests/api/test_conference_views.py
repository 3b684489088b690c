"""An organizer's conferences: the list, and one whole, to be shown in a form and sent again."""

import httpx
import pytest

from tests.api.people import OPENING, Server, good, opened

CHATS = [{"hashtag": "hitsm", "weekday": 4, "start": "12:00", "minutes": 60, "time_zone": "America/New_York"}]


@pytest.fixture(scope="module")
def organizer(server: Server) -> httpx.Client:
    return opened(server, "one", chats=CHATS, matching={"per_hour": 5, "accounts": "claimed"})


def test_what_is_shown_can_be_sent_again_without_loss(server: Server, organizer: httpx.Client) -> None:
    whole = good(organizer.get("/v1/conferences/one"))
    assert (whole["id"], whole["state"], whole["organizer"]) == ("one", "open", "org-1")
    assert whole["opening"]["matching"] == {"per_hour": 5, "accounts": "claimed"}
    assert whole["opening"]["chats"] == CHATS
    assert whole["opening"]["places"] == OPENING["places"]
    assert good(organizer.put("/v1/conferences/one", json=whole["opening"]))["status"] == "accepted"
    assert good(organizer.get("/v1/conferences/one")) == whole
    changed = whole["opening"] | {"name": "Another name", "hashtags": ["#HITsm", "more"]}
    good(organizer.put("/v1/conferences/one", json=changed))
    shown = good(organizer.get("/v1/conferences/one"))["opening"]
    assert (shown["name"], shown["hashtags"]) == ("Another name", ["hitsm", "more"])
    assert shown["matching"] == whole["opening"]["matching"]


def test_each_organizer_sees_its_own_and_the_operator_all(server: Server, organizer: httpx.Client) -> None:
    other = server.client("other_organizer")
    good(other.put("/v1/conferences/theirs", json=OPENING | {"starts_at": "2027-01-01T00:00:00Z"}))
    assert ids(organizer) == ["one"]
    assert ids(other) == ["theirs"]
    assert ids(server.client("operator")) == ["theirs", "one"]
    refused = [organizer.get(f"/v1/conferences/{name}") for name in ("theirs", "nowhere")]
    assert [answer.status_code for answer in refused] == [403, 403]
    assert refused[0].json() == refused[1].json()


def test_a_closed_one_is_shown_and_not_opened_again(server: Server) -> None:
    organizer = opened(server, "over")
    good(organizer.post("/v1/conferences/over/close"))
    (line,) = [each for each in good(organizer.get("/v1/conferences"))["conferences"] if each["id"] == "over"]
    assert (line["state"], line["time_zone"]) == ("closed", "Europe/Paris")
    answer = organizer.put("/v1/conferences/over", json=OPENING)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:hallway:problem:closed")
    stranger = server.client("other_organizer").put("/v1/conferences/over", json=OPENING)
    assert stranger.status_code == 403


def ids(client: httpx.Client) -> list[str]:
    return [each["id"] for each in good(client.get("/v1/conferences"))["conferences"]]
