"""Ends and starts: SIGTERM, a second process, a folder that was used. Kills and load: ``tests/server``."""

from pathlib import Path

import httpx
import pytest

from tests.api.people import Attendee, Server, attendee, good, opened, stream, talked, until


def test_sigterm_ends_streams_and_server_within_five_seconds(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        organizer = opened(server)
        ada = attendee(server, organizer, "ada")
        with stream(server, ada.http, "/v1/me/stream") as live:
            took_s = server.stop()
            assert live.next()["event"] == "end"
        assert server.process is not None
        assert (server.process.returncode, took_s < 5.0) == (0, True)


def test_a_second_process_on_the_folder_and_a_used_port_are_refused_in_plain_words(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        (tmp_path / "second").mkdir()
        for given, said in (({"data": str(server.data)}, "is in use by process"), ({"port": server.port}, "in use")):
            second = Server(tmp_path / "second", **given)
            with pytest.raises(AssertionError, match=said), second:
                pass
            assert second.process is not None
            second.stop()
            assert second.process.returncode == 2
        assert good(server.client().get("/healthz/ready")) == {"status": "ready"}


def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        organizer = opened(server)
        ada, bob = _known(server, organizer)
        ada.say("/v1/me/here")
        bob.say("/v1/me/here")
        card = until(ada.cards)[0]
        cookie = dict(ada.http.cookies)
    with Server(tmp_path) as server:
        again = server.client()
        again.cookies.update(cookie)
        assert until(lambda: good(again.get("/v1/me/inbox"))["cards"]) == [card]
        assert good(again.get("/v1/me"))["present"]


def _known(server: Server, organizer: httpx.Client) -> tuple[Attendee, Attendee]:
    ada, bob = (attendee(server, organizer, name) for name in ("ada", "bob"))
    talked(server, ada, bob)
    return ada, bob
