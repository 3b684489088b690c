"""``hallway mail`` against a running server: a test mail with a plain answer, and whether mail goes out."""

import os
import subprocess
import sys
from pathlib import Path

from msgspec.structs import asdict

from tests.api.people import ROOT, Server
from tests.mail.smtp_server import mail_server_in_a_thread


def hallway(server: Server, *words: str) -> tuple[int, str]:
    """(exit code, what was said)."""
    command = [sys.executable, "-m", "services.cli.main", "mail", *words, "--url", server.address]
    environment = os.environ | {"HALLWAY_KEY": server.keys["operator"]}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT, timeout=60)
    return done.returncode, " ".join(done.stderr.split())


def test_a_test_mail_and_the_state(tmp_path: Path) -> None:
    with mail_server_in_a_thread() as mails, Server(tmp_path, smtp=asdict(mails.settings())) as server:
        code, said = hallway(server, "test", "ops@example.org")
        assert (code, mails.recipients) == (0, ["ops@example.org"])
        assert "accepted the test mail" in said
        mails.answers["no@example.org"] = ["550 5.1.1 no such user"]
        code, said = hallway(server, "test", "no@example.org")
        assert (code, "refused this recipient" in said) == (1, True)
        code, said = hallway(server, "status")
        assert (code, said.startswith("0 mails wait.")) == (0, True)


def test_a_server_without_mail_says_so(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        code, said = hallway(server, "status")
        assert (code, "sends no mail" in said) == (0, True)
        code, said = hallway(server, "test", "ops@example.org")
        assert (code, "--smtp" in said) == (2, True)
