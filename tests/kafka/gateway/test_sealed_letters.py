"""What a stranger sent is in the topic of dead letters under a seal, and goes at once with whom it names."""

import shutil
from base64 import b64decode, b64encode

from tests.api.people import Server, attendee, good, opened, until
from tests.api.test_erasing import in_base64, stored
from tests.cli.conftest import Hallway
from tests.kafka.gateway.conftest import Place
from tests.kafka.gateway.logs import events, records

CANARY = "qxcanary"


def shown(server: Server) -> list[bytes]:
    """The bytes of all letters as the gateway shows them to who asks for each; in a list they are masked."""
    operator = server.client("operator")
    letters = good(operator.get("/v1/dead-letters"))["letters"]
    assert not any(CANARY in str(good(operator.get(f"/v1/dead-letters/{each['number']}"))) for each in letters)
    found = [good(operator.post(f"/v1/dead-letters/{each['number']}/show")) for each in letters]
    return [b64decode(letter["bytes"]) for letter in found]


def test_an_erasure_takes_dead_letters_at_once_from_the_topic_too(place: Place, hallway: Hallway) -> None:
    with place.ready() as server:
        organizer = opened(server)
        ada = attendee(server, organizer, CANARY)
        spelled = b64encode(CANARY.encode()).decode()
        lines = [b'{"type":"x:%s","who":"%s"}' % (CANARY.encode(), spelled.encode()), b'{"type":"checkin.arived"}']
        for client, line in zip((organizer, server.client("other_organizer")), lines, strict=True):
            answer = client.post("/v1/events", content=line, headers={"content-type": "application/x-ndjson"})
            assert [each["status"] for each in good(answer)["results"]] == ["rejected"]
        assert sorted(shown(server)) == sorted(lines)
        words = [CANARY.encode(), spelled.encode(), *in_base64(CANARY.encode())]
        topic = records(place.servers, place.topics.dead_letters)
        assert not any(word in (record.value or b"") for record in topic for word in (*in_base64(b"checkin"), *words))
        letters = [letter for letter, _ in events(place.servers, place.topics.dead_letters)]
        assert {"sealed" in letter["reason"] for letter in letters} == {True}  # it would quote what was sent
        number = f"{topic[0].partition}-{topic[0].offset}"
        done = hallway("dead-letters", "show", number, "--kafka", place.servers, "--prefix", place.prefix)
        assert (done.code, "sealed" in done.err) == (2, True), done.err
        assert ada.http.request("DELETE", "/v1/me", json={"confirm": "erase me"}).status_code == 202
        assert shown(server) == lines[1:]
        until(lambda: not any(CANARY.encode() in value for _, value in stored(server.data)))
        server.stop()
    shutil.rmtree(server.data / "copy")
    with place.ready() as again:  # out of the topic, whose bytes are as they were
        assert len(records(place.servers, place.topics.dead_letters)) == 2
        until(lambda: shown(again) == lines[1:])
