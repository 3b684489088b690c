"""Every command of the compose file that is Hallway's, Kafka's or Valkey's, from a plain shell: a meeting comes of it.

Docker is not needed: the environment is built by the Dockerfile's own steps in another folder, and Kafka is the one
that the compose file names, with its passwords and rights. Not run here: the programs of Caddy, Prometheus, Grafana.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.people import ALL, OPENING, good, now, until
from tests.deploy.files import ROOT, dashboards, instructions, series, services
from tests.deploy.parts import kafka, valkey
from tests.deploy.parts import secrets as secrets_of

LIMIT_S = 120.0
BIN = Path(sys.executable).parent


def run(command: list[str], folder: Path, environment: dict[str, str], limit_s: float = LIMIT_S) -> str:
    """What it prints; it must end well."""
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=limit_s)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the Dockerfile's first stage makes: a folder with the source and its environment, nothing of development."""
    app = tmp_path_factory.mktemp("image") / "app"
    app.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    environment |= {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "UV_PYTHON": sys.executable}
    for kind, words in instructions():
        if kind == "COPY" and "--from" not in words:
            *names, target = words.split()
            for name in names:
                copied = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
                copied(ROOT / name, app / (name if target == "./" else target))
        elif kind == "RUN" and words.startswith("uv "):
            run(["/bin/sh", "-c", words], app, environment)
    return app


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


class Shell:
    """Runs commands of the compose file here: another folder, other ports, nothing else."""

    def __init__(self, image: Path, folder: Path, kafka: str, valkey: int, passwords: Path) -> None:
        self.folder, self._image = folder, image
        self.ports = {port: free_port() for port in ("8000", "9101", "9102", "9103")} | {"6379": valkey}
        self._instead = {
            "127.0.0.1:9092": kafka,
            "/var/lib/hallway": str(folder / "data"),
            "/run/secrets": str(passwords),
        }

    def command(self, words: list[str]) -> list[str]:
        return [self._here(str(word)) for word in words]

    def environment(self, service: str) -> dict[str, str]:
        """What the compose file gives a service, beside what a plain shell has."""
        said = services()[service].get("environment", {})
        return dict(os.environ) | {name: self._moved(str(value)) for name, value in said.items()}

    def _here(self, word: str) -> str:
        programs = {
            "hallway": str(self._image / ".venv" / "bin" / "hallway"),
            "python": str(self._image / ".venv" / "bin" / "python"),
        }
        return programs[word] if word in programs else self._moved(word)

    def _moved(self, word: str) -> str:
        for there, here in self._instead.items():
            word = word.replace(there, here)
        for there, port in self.ports.items():
            word = str(port) if word == there else word.replace(f"127.0.0.1:{there}", f"127.0.0.1:{port}")
        return word

    def run(self, words: list[str], service: str = "gateway") -> str:
        return run(self.command(words), self.folder, self.environment(service))

    @contextmanager
    def running(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        """A service's command, until the context ends; then it must end by itself, and well."""
        command, environment = self.command(services()[name]["command"]), self.environment(name)
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            try:
                code = process.wait(15)
            finally:
                process.kill()
        assert code == 0, (self.folder / f"{name}.log").read_text()[-2_000:]

    def get(self, port: str, path: str) -> httpx.Response | None:
        try:
            return httpx.get(f"http://127.0.0.1:{self.ports[port]}{path}", timeout=5)
        except httpx.HTTPError:
            return None

    def client(self, key: str = "") -> httpx.Client:
        headers = {"authorization": f"Bearer {key}"} if key else {"x-hallway": "1"}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.ports['8000']}", headers=headers, timeout=20)


@pytest.mark.slow
def test_a_meeting_by_the_commands_of_the_compose_file(image: Path, tmp_path: Path) -> None:
    passwords = secrets_of(tmp_path / "installation")
    with kafka(tmp_path / "kafka", passwords) as broker, valkey(tmp_path / "valkey", passwords) as store:
        shell = Shell(image, tmp_path, broker.address, store, passwords)
        for name in ("topics", "rights"):
            shell.run(services()[name]["command"], name)
        keys = {
            role: shell.run(["hallway", "keys", "add", role, f"{role}-1", "--data", "/var/lib/hallway"]).split()[-1]
            for role in ("organizer", "connector")
        }
        with ExitStack() as stack:
            for name in ("router", "matcher", "delivery", "gateway"):
                stack.enter_context(shell.running(name))
            until(lambda: (found := shell.get("8000", "/healthz/ready")) is not None and found.status_code == 200, 60)
            for port in ("9101", "9102", "9103"):
                until(lambda port=port: shell.get(port, "/metrics"), 60)
            for name in ("router", "matcher", "delivery", "gateway"):
                shell.run(services()[name]["healthcheck"]["test"][1:])
            _meet(shell, stack, keys)
            _what_dashboards_ask_for_is_there(shell)
        logs = [(tmp_path / f"{name}.log").read_text() for name in ("router", "matcher", "delivery", "gateway")]
        secrets_ = [*keys.values(), *[path.read_text() for path in passwords.iterdir()]]
        assert not [log for log in logs for secret in secrets_ if secret in log]
        assert not [log[-2_000:] for log in logs if "AuthorizationFailed" in log]


def _meet(shell: Shell, stack: ExitStack, keys: dict[str, str]) -> None:
    name = f"conf-{secrets.token_hex(4)}"
    organizer, connector = (stack.enter_context(shell.client(keys[role])) for role in ("organizer", "connector"))
    good(organizer.put(f"/v1/conferences/{name}", json=OPENING | {"matching": {"accounts": "claimed"}}))
    people = [_registered(shell, stack, organizer, name, who) for who in ("ada", "bob")]
    said = [("ada", "bob"), ("bob", "ada")]
    posts = [_post(f"x:{one}", f"x:{other}", at) for one, other in said for at in (now(), _yesterday())]
    assert all(each["status"] == "accepted" for each in good(connector.post("/v1/events", json=posts))["results"])
    for who in people:
        good(who.post("/v1/me/here", json={"place": "hall-a"}))
    cards = until(lambda: _cards(people[0]) and _cards(people[1]), 60)
    assert cards[0]["near"] is None  # nobody knows before both said yes
    for who in people:
        good(who.post("/v1/me/answers", json={"card": _cards(who)[0]["card"], "answer": "accepted"}))
    until(lambda: _cards(people[0])[0]["agreed_at"], 60)
    assert people[1].request("DELETE", "/v1/me", json={"confirm": "erase me"}).status_code == 202
    until(lambda: not _cards(people[0]), 60)


def _registered(shell: Shell, stack: ExitStack, organizer: httpx.Client, conference: str, name: str) -> httpx.Client:
    body = {"name": name.title(), "email": f"{name}@example.org", "accounts": [f"x:{name}"], "consent": ALL}
    made = good(organizer.post(f"/v1/conferences/{conference}/attendees", json=body))
    http = stack.enter_context(shell.client())
    good(http.post("/v1/session", json={"link": made["link"].partition("#")[2]}))
    token = http.cookies.get("hallway_session")
    assert token, "a session"
    http.headers["cookie"] = f"hallway_session={token}"  # it is for https alone, where Caddy is
    return http


def _yesterday() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 86_400))


def _post(actor: str, other: str, at: str) -> dict[str, Any]:
    native = secrets.token_hex(6)
    said = {"type": "activity.posted", "id": f"x:{native}", "at": at, "actor": actor}
    return said | {"hashtags": ["hitsm"], "mentions": [other]}


def _cards(who: httpx.Client) -> list[dict[str, Any]]:
    answer = who.get("/v1/me/inbox")
    return list(answer.json().get("cards", [])) if answer.status_code == 200 else []


def _what_dashboards_ask_for_is_there(shell: Shell) -> None:
    asked = {name for _, dashboard in dashboards() for name in series(dashboard)} - {"up"}
    answers = [shell.get(port, "/metrics") for port in ("8000", "9101", "9102", "9103")]
    assert all(answer is not None and answer.status_code == 200 for answer in answers), "where Prometheus asks"
    found = "".join(answer.text for answer in answers if answer is not None)
    there = {line.partition("{")[0].partition(" ")[0] for line in found.splitlines() if not line.startswith("#")}
    assert asked
    assert asked <= there
