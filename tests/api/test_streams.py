"""How many streams a session may have. What a thousand of them leave behind: ``tests/server``."""

from tests.api.people import Server, attendee, good, opened, stream, until


def gauge(server: Server) -> float:
    text = server.client().get("/metrics").text
    (line,) = [line for line in text.splitlines() if line.startswith("hallway_streams ")]
    return float(line.split()[1])


def test_a_session_has_six_streams_at_most(server: Server) -> None:
    organizer = opened(server, "six")
    ada = attendee(server, organizer, "six", "six")
    context = [stream(server, ada.http, "/v1/me/stream") for _ in range(7)]
    streams = [each.__enter__() for each in context]
    assert [each.status for each in streams] == [200] * 6 + [429]
    for each in context:
        each.__exit__(None, None, None)
    until(lambda: gauge(server) == 0)
    assert good(server.client().get("/healthz/live")) == {"status": "live"}
