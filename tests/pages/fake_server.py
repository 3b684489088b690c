"""Serves a ``Scene`` over the HTTP API for the pages' tests: on loopback, in a thread; tests change its state directly.

Streams resume after ``Last-Event-ID``. ``stop`` cuts every stream and closes the port, ``start`` opens the same port
again with the same scene. It decides nothing about matches.
"""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from services.api.pages.answers import POLICY
from tests.pages.scene import Answer, Doc, Scene, presence_event, sign_ins_event

STATIC = Path(__file__).parents[2] / "services" / "web" / "static"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
PATIENCE_SECONDS = 15.0
BEAT_SECONDS = 0.5  # how soon a stream notices that it is to end


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = True

    def __init__(self, port: int, scene: Scene) -> None:
        self.scene, self.ending = scene, False
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no error."""


class FakeServer:
    """Starts, stops (cutting all streams), and starts again on the same port."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.port = 0
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """On any port the first time, on the same ever after."""
        self._server = _Server(self.port, self.scene)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def until(self, holds: Callable[[], bool]) -> None:
        """Waits until it holds of the scene, within a limit."""
        with self.scene.lock:
            assert self.scene.lock.wait_for(holds, PATIENCE_SECONDS), "it did not come to that"

    def stop(self) -> None:
        """As killed: the port is closed, and the streams end in the middle."""
        assert self._server is not None
        with self.scene.lock:
            self._server.ending = True
            self.scene.lock.notify_all()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.0"  # a connection a request: none outlives a stop

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_GET(self) -> None:
        """Pages, files, streams, and what is asked for."""
        path = urlsplit(self.path).path
        pages = {"/": "attendee.html", "/organizer": "organizer.html", "/welcome": "link.html"}
        if path in pages:
            return self._file(pages[path])
        if path.startswith("/m/"):
            return self._file("link.html", 410)
        if path.startswith("/static/") or path == "/worker.js":
            return self._file(path.rpartition("/")[2])
        if path.endswith("/stream"):
            return self._stream(self._entries if path == "/v1/me/stream" else self._overviews)
        return self._json(*self._got(path))

    def _change(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(size)
        body = json.loads(raw) if raw and "json" in self.headers.get("Content-Type", "") else raw.decode()
        path, scene = unquote(urlsplit(self.path).path), self.server.scene
        if self.headers.get("X-Hallway") != "1":
            return self._json(403, _problem(403, "The header X-Hallway is missing."))
        with scene.lock:
            scene.asked.append((self.command, path, body))
            if (self.command, path) in scene.refuse:
                return self._json(*scene.refuse[(self.command, path)])
            if path in ("/v1/session", "/v1/me") and self.command != "PATCH":
                scene.signed_in = self.command == "POST"
            if path == "/v1/organizer-session":
                scene.organizer_in = self.command == "POST"
            scene.lock.notify_all()
        if path in self._whole_letters():
            return self._json(200, self._whole_letters()[path])
        return self._json(200, scene.reply.get((self.command, path), {}))

    def _whole_letters(self) -> Doc:
        return {f"/v1/dead-letters/{letter['number']}/show": letter for letter in self.server.scene.letters}

    do_POST = do_PUT = do_PATCH = do_DELETE = _change  # noqa: N815  # the base class calls them so

    def _may(self, path: str) -> bool:
        scene = self.server.scene
        return scene.signed_in if path.startswith("/v1/me") else scene.organizer_in

    def _got(self, path: str) -> Answer:
        scene = self.server.scene
        with scene.lock:
            if path == "/v1/sign-in-links":
                return 200, {"by_mail": scene.by_mail}
            if not self._may(path):
                return 401, _problem(401, "Sign in first.")
            if ("GET", path) in scene.refuse:
                return scene.refuse[("GET", path)]
            if ("GET", path) in scene.reply:
                return 200, scene.reply[("GET", path)]
            sessions = {"sessions": scene.sessions, "sign_ins": scene.me.get("sign_ins", [])}
            known = {"/v1/me": scene.me, "/v1/me/inbox": scene.inbox, "/v1/me/blocks": [], "/v1/me/sessions": sessions}
            if path in known:
                return 200, known[path]
            if path == "/v1/conferences":
                return 200, {"conferences": [_listed(scene.conference)] if scene.conference else []}
            if scene.conference and path == f"/v1/conferences/{scene.conference['id']}":
                return 200, scene.conference
            if path.endswith("/overview"):
                return 200, scene.overview
            if path.endswith("/mailing"):
                return 200, scene.mailing
            if path.endswith("/devices"):
                return 200, {"since": "2027-03-09T08:00:00.000Z", "devices": scene.devices}
            if path.endswith("/connectors"):
                return 200, {"connectors": scene.connectors}
            if path.endswith("/keys"):
                return 200, {"keys": scene.keys}
            if path.endswith("/dead-letters"):
                return 200, self._letters()
        return 404, _problem(404, "There is nothing here.")

    def _letters(self) -> Doc:
        query = parse_qs(urlsplit(self.path).query)
        after, limit = int(query.get("after", ["0"])[0]), int(query["limit"][0])
        masked = {"reason": "It is not a JSON object.", "bytes": "", "size_bytes": 36}
        rest = [letter | masked for letter in self.server.scene.letters if letter["number"] > after]
        return {"letters": rest[:limit], "next": rest[limit - 1]["number"] if len(rest) > limit else None}

    def _stream(self, parts: Callable[[], Iterator[str]]) -> None:
        scene = self.server.scene
        if not self._may(self.path):
            return self._json(401, _problem(401, "Sign in first."))
        if ("GET", urlsplit(self.path).path) in scene.refuse:
            return self._json(*scene.refuse[("GET", urlsplit(self.path).path)])
        self._head(200, "text/event-stream")
        self._opened(1)
        try:
            self.wfile.write(b"retry: 200\n\n")
            for part in parts():
                self.wfile.write(part.encode())
                self.wfile.flush()
        except OSError:
            return None  # the browser closed it
        finally:
            self._opened(-1)
        return None

    def _opened(self, more: int) -> None:
        with self.server.scene.lock:
            self.server.scene.open_streams += more
            self.server.scene.lock.notify_all()

    def _entries(self) -> Iterator[str]:
        scene, last = self.server.scene, self.headers.get("Last-Event-ID")
        with scene.lock:
            scene.streams.append(last)
            sent = int(last) if last and last.isdigit() else len(scene.log)
            gone = sent < scene.kept_from or not (last or "0").isdigit()
            sent = len(scene.log) if gone else sent
        if gone:
            yield "event: reset\ndata: {}\n\n"
        stood, signed = "", sign_ins_event({"sign_ins": []})
        while True:
            with scene.lock:
                scene.lock.wait_for(
                    lambda had=sent, stood=stood, signed=signed: (
                        self.server.ending
                        or len(scene.log) > had
                        or (presence_event(scene.me), sign_ins_event(scene.me)) != (stood, signed)
                    ),
                    BEAT_SECONDS,
                )
                fresh, before, stood = scene.log[sent:], (stood, signed), presence_event(scene.me)
                signed = sign_ins_event(scene.me)
            if self.server.ending:
                return
            if not scene.silent:
                yield "event: beat\ndata: {}\n\n"
            if stood != before[0]:
                yield f"event: presence\ndata: {stood}\n\n"
            if signed != before[1]:
                yield f"event: sign_ins\ndata: {signed}\n\n"
            for position, kind, view in fresh:
                yield f"id: {position}\nevent: {kind}\ndata: {json.dumps({'kind': kind, **view})}\n\n"
            sent += len(fresh)

    def _overviews(self) -> Iterator[str]:
        scene, seen = self.server.scene, -1
        while not self.server.ending:
            with scene.lock:
                scene.lock.wait_for(lambda had=seen: self.server.ending or scene.overviews > had, BEAT_SECONDS)
                fresh, seen, overview = scene.overviews > seen, scene.overviews, scene.overview
            yield f"event: overview\ndata: {json.dumps(overview)}\n\n" if fresh else ": beat\n\n"

    def _file(self, name: str, status: int = 200) -> None:
        file = STATIC / name
        if not file.is_file() or file.parent != STATIC:
            return self._json(404, _problem(404, "There is nothing here."))
        self._head(status, TYPES[file.suffix])
        self.wfile.write(file.read_bytes())
        return None

    def _json(self, status: int, body: Any) -> None:
        self._head(status, "application/json" if status < 400 else "application/problem+json")
        self.wfile.write(json.dumps(body).encode())

    def _head(self, status: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()


def _listed(conference: Doc) -> Doc:
    opening = conference["opening"]
    kept = {name: opening[name] for name in ("name", "starts_at", "ends_at", "time_zone")}
    return {"id": conference["id"], "state": conference["state"], **kept}


def _problem(status: int, detail: str) -> Doc:
    return {"type": "about:blank", "title": "Refused", "status": status, "detail": detail}
