"""kill -9 in the middle of a mailing: nobody is mailed twice, and who may have been is said."""

import random
import threading
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict

from tests.api.people import CONFERENCE, Server, good, opened, until
from tests.mail.smtp_server import MailServer, mail_server_in_a_thread
from tests.seeds import seeds

PEOPLE, KILLS = 24, 3
PATH = f"/v1/conferences/{CONFERENCE}/attendees/mailing"
CONSENT = {"matching": False, "chats": False, "share_place": False}


@pytest.mark.parametrize("seed", seeds(0, 3))
def test_nobody_is_mailed_twice_across_kills(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    with mail_server_in_a_thread() as mails:
        smtp: dict[str, Any] = asdict(mails.settings())
        with Server(tmp_path, smtp=smtp) as server:
            organizer = opened(server)
            for number in range(PEOPLE):
                person = {
                    "name": "",
                    "email": f"p{number}@example.org",
                    "accounts": [f"x:p{number}"],
                    "consent": CONSENT,
                }
                good(organizer.post(f"/v1/conferences/{CONFERENCE}/attendees", json=person))
            good(organizer.post(PATH))
            _kill_at(server, mails, rng)
        for _ in range(KILLS - 1):
            with Server(tmp_path, smtp=smtp) as server:
                _kill_at(server, mails, rng)
        with Server(tmp_path, smtp=smtp) as server:
            organizer = server.client("organizer")
            good(organizer.post(PATH))  # somebody starts it again: it adds nobody
            done = until(lambda: (found := good(organizer.get(PATH)))["waiting"] == 0 and found)
    assert len(mails.recipients) == len(set(mails.recipients))
    assert done["accepted"] + done["unclear"] == PEOPLE
    assert done["unclear"] <= KILLS
    assert len(mails.recipients) >= done["accepted"]  # unclear ones may have arrived


def _kill_at(server: Server, mails: MailServer, rng: random.Random) -> None:
    """Kills it after some more mails, at any step of the next."""
    reach = len(mails.attempts) + rng.randrange(1, 5)
    until(lambda: len(mails.attempts) >= min(reach, PEOPLE) or len(mails.accepted) >= PEOPLE - KILLS)
    threading.Event().wait(rng.random() * 0.01)  # any step: a mail takes some milliseconds
    server.kill()
