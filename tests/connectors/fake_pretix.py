"""A pretix on loopback: the answers of a real one, rewritten with invented persons, and every fault.

Owns: the serving, in threads that end with the context. May never: know what the connector makes of it.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any]
Fault = Callable[["Handler"], bool]  # True: it answered
TOKEN = "t0ken"  # noqa: S105 - of the fake
BASE = "/api/v1/organizers/org/events/conf"


def text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass
class Shop:
    """What the shop holds. ``faults`` come first, each once. ``skew``: how far its clock is ahead."""

    orders: dict[str, Json] = field(default_factory=dict)
    checkins: list[Json] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    lists: tuple[int, ...] = (1,)
    skew: timedelta = timedelta()
    page_rows: int = 50
    broken: str = "-"  # a part of paths that always answer with 500
    allowed: int | None = None  # requests, then one 429
    _used: int = 0
    _ids: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.skew

    def sell(self, *people: tuple[str, str], email: str | None = "buyer@example.org", status: str = "p") -> list[int]:
        """An order with a ticket for each (name, e-mail); the ids of the tickets."""
        with self.lock:
            code = f"T{len(self.orders):05}"
            positions = []
            for name, address in people:
                self._ids += 1
                positions.append(
                    {
                        "id": self._ids,
                        "order": code,
                        "positionid": len(positions) + 1,
                        "item": 1,
                        "attendee_name": name or None,
                        "attendee_name_parts": {"_scheme": "full", "full_name": name},
                        "attendee_email": address or None,
                        "secret": f"secret{self._ids:05}",
                        "addon_to": None,
                        "canceled": False,
                        "answers": [],
                    }
                )
            self.orders[code] = {
                "code": code,
                "status": status,
                "email": email,
                "valid_if_pending": False,
                "datetime": text(self.now()),
                "last_modified": text(self.now()),
                "positions": positions,
            }
            return [int(position["id"]) for position in positions]

    def position(self, ticket: int) -> Json:
        return next(each for order in self.orders.values() for each in order["positions"] if each["id"] == ticket)

    def change(self, ticket: int, *, touch: bool = True, **fields: Any) -> None:
        """Changes a ticket's fields, or its order's ``status``."""
        with self.lock:
            position = self.position(ticket)
            order = self.orders[position["order"]]
            if "status" in fields:
                order["status"] = fields.pop("status")
            position |= fields
            if touch:
                order["last_modified"] = text(self.now())

    def scan(self, ticket: int | None, kind: str = "entry", *, ago: timedelta = timedelta(), **fields: Any) -> int:
        """A scan, ``ago`` of which it was uploaded late; its id."""
        with self.lock:
            now = self.now()
            number = len(self.checkins) + 1001
            row = {
                "id": number,
                "successful": True,
                "error_reason": None,
                "error_explanation": None,
                "position": ticket,
                "datetime": text(now - ago),
                "list": 1,
                "created": text(now),
                "auto_checked_in": False,
                "gate": None,
                "device": None,
                "device_id": None,
                "type": kind,
            }
            self.checkins.append(row | fields)
            return number

    def revert(self, number: int) -> None:
        """The scan is deleted."""
        with self.lock:
            next(row for row in self.checkins if row["id"] == number)["deleted"] = True

    def annul(self, number: int) -> None:
        """The scan stays, as one that failed."""
        with self.lock:
            next(row for row in self.checkins if row["id"] == number).update(successful=False, error_reason="annulled")

    def hook(self, number: int, action: str = "pretix.event.checkin") -> Json:
        """The webhook of a scan."""
        row = next(row for row in self.checkins if row["id"] == number)
        return {
            "notification_id": number * 2,
            "organizer": "org",
            "event": "conf",
            "code": self.position(row["position"])["order"],
            "action": action,
            "orderposition_id": row["position"],
            "orderposition_positionid": 1,
            "checkin_list": row["list"],
            "type": row["type"],
            "first_checkin": None,
        }

    def is_over_limit(self) -> bool:
        """Whether this request is one too many; then it begins to count anew."""
        with self.lock:
            self._used += 1
            if self.allowed is None or self._used <= self.allowed:
                return False
            self._used = 0
            return True

    # -- answers -------------------------------------------------------------------------------------------------

    def _with_checkins(self, position: Json, list_id: int | None = None) -> Json:
        inline = ("id", "datetime", "list", "auto_checked_in", "gate", "device", "device_id", "type")
        rows = [row for row in self.checkins if row["position"] == position["id"] and row["successful"]]
        rows = [row for row in rows if "deleted" not in row and list_id in (None, row["list"])]
        return position | {"checkins": [{name: row[name] for name in inline} for row in reversed(rows)]}

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        """Status and body."""
        with self.lock:
            if not path.startswith(BASE):
                return 404, {"detail": "Not found."}
            match path.removeprefix(BASE).strip("/").split("/"):
                case [""]:
                    return 200, {"slug": "conf", "name": {"en": "Health IT"}, "live": True}
                case ["items"]:
                    return 200, self._page([{"id": 1, "admission": True}, {"id": 2, "admission": False}], query)
                case ["checkinlists"]:
                    return 200, self._page([self._list(number) for number in self.lists], query)
                case ["checkinlists", number] if int(number) in self.lists:
                    return 200, self._list(int(number))
                case ["checkinlists", number, "positions", ticket]:
                    return 200, self._with_checkins(self.position(int(ticket)), int(number))
                case ["orderpositions", ticket]:
                    return 200, self._with_checkins(self.position(int(ticket)))
                case ["orders"]:
                    since = query.get("modified_since", "")
                    rows = [self._order(each) for each in self.orders.values() if _after(each["last_modified"], since)]
                    rows = [row for row in rows if _after(row["datetime"], query.get("created_since", ""))]
                    return 200, self._page(rows, query)
                case ["orders", code] if code in self.orders:
                    return 200, self._order(self.orders[code])
                case ["checkins"]:
                    rows = [row for row in self.checkins if "deleted" not in row]
                    since = query.get("created_since", "")
                    rows = [row for row in rows if not isinstance(row["created"], str) or _after(row["created"], since)]
                    return 200, self._page(rows, query)
            return 404, {"detail": "Not found."}

    @staticmethod
    def _list(number: int) -> Json:
        return {"id": number, "name": f"List {number}", "all_products": True, "limit_products": []}

    def _order(self, order: Json) -> Json:
        return order | {"positions": [self._with_checkins(position) for position in order["positions"]]}

    def _page(self, rows: list[Json], query: dict[str, str]) -> Json:
        size = min(int(query.get("page_size", "50")), self.page_rows)
        start = (int(query.get("page", "1")) - 1) * size
        more = "https://elsewhere.invalid/steal?page=2" if start + size < len(rows) else None
        return {"count": len(rows), "next": more, "previous": None, "results": rows[start : start + size]}


def _after(at: str, since: str) -> bool:
    return not since or datetime.fromisoformat(at) >= datetime.fromisoformat(since)


class Handler(BaseHTTPRequestHandler):
    """Answers as the shop holds it."""

    shop: Shop
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_GET(self) -> None:
        self.close_connection = True
        parts = urlsplit(self.path)
        self.shop.asked.append(parts.path.removeprefix(BASE))
        try:
            if self.headers["authorization"] != f"Token {TOKEN}":
                self.say(401, b'{"detail": "Invalid token."}')
                return
            with self.shop.lock:
                fault = self.shop.faults.pop(0) if self.shop.faults else None
            if fault is not None and fault(self):
                return
            if self.shop.broken in parts.path:
                self.say(500, b"")
                return
            if self.shop.is_over_limit():
                self.say(429, b"", Retry_After="0")
                return
            status, body = self.shop.answer(parts.path, dict(parse_qsl(parts.query)))
            self.say(status, json.dumps(body).encode())
        except OSError:
            return  # the client went away, as it may

    def body(self) -> bytes:
        """What would be answered."""
        parts = urlsplit(self.path)
        return json.dumps(self.shop.answer(parts.path, dict(parse_qsl(parts.query)))[1]).encode()

    def say(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        named = {"Content-Type": "application/json", "X-Page-Generated": text(self.shop.now())} | headers
        for name, value in (named | {"Content-Length": str(len(body) if length is None else length)}).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def serving(shop: Shop) -> Iterator[str]:
    """The shop at a port of 127.0.0.1; its address."""
    server = _Server(("127.0.0.1", 0), type("_Handler", (Handler,), {"shop": shop, "timeout": 20}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


# -- faults ------------------------------------------------------------------------------------------------------------


def refuse(status: int, **headers: str) -> Fault:
    """Answers with a status."""

    def fault(handler: Handler) -> bool:
        handler.say(status, b'{"detail": "No."}', **headers)
        return True

    return fault


def cut(handler: Handler) -> bool:
    """Half of the body, then the connection ends."""
    body = handler.body()
    handler.say(200, body[: len(body) // 2], length=len(body))
    return True


def half_json(handler: Handler) -> bool:
    """Half of the body, as if that were all."""
    body = handler.body()
    handler.say(200, body[: len(body) // 2])
    return True


def huge(handler: Handler) -> bool:
    """10 MB."""
    handler.say(200, b'{"count": 0, "next": null, "results": [' + b" " * 10_000_000 + b"]}")
    return True


def redirect(handler: Handler) -> bool:
    """Elsewhere."""
    handler.say(302, b"", Location="http://127.0.0.1:1/")
    return True


def doubled(handler: Handler) -> bool:
    """Each row twice, the last one first."""
    body = json.loads(handler.body())
    if "results" in body:
        body["results"] = [*reversed(body["results"]), *body["results"]]
    handler.say(200, json.dumps(body).encode())
    return True
