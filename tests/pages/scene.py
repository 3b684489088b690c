"""The state of the fake server. Tests change it under ``lock``."""

import json
import threading
from typing import Any

Doc = dict[str, Any]
Answer = tuple[int, Any]
MAILED = ("unmailed", "waiting", "accepted", "refused", "late", "unclear")


class Scene:
    """The server's state."""

    def __init__(self) -> None:
        self.lock = threading.Condition()
        self.me: Doc = {}
        self.inbox: Doc = {"position": "0", "cards": []}
        self.log: list[tuple[str, str, Doc]] = []  # (position, kind, view)
        self.kept_from = 0  # entries before are no longer kept: a stream that asks for them gets a reset
        self.sessions: list[Doc] = []
        self.signed_in, self.organizer_in = True, False
        self.by_mail = False
        self.mailing: Doc = {"by_mail": False} | dict.fromkeys(MAILED, 0) | {"refused_attendees": [], "trouble": None}
        self.overview: Doc = {}
        self.conference: Doc = {}
        self.overviews = 0
        self.letters: list[Doc] = []
        self.keys: list[Doc] = []
        self.connectors: list[Doc] = []
        self.devices: list[Doc] = []
        self.asked: list[tuple[str, str, Any]] = []  # every state-changing request: method, path, body
        self.refuse: dict[tuple[str, str], Answer] = {}
        self.reply: dict[tuple[str, str], Any] = {}
        self.streams: list[str | None] = []  # the Last-Event-ID of each stream that was opened
        self.open_streams = 0
        self.silent = False  # the streams that are open say nothing any more

    def say(self, kind: str, **view: Any) -> str:
        """One more entry, to the log and, as far as a fake needs it, to the inbox."""
        with self.lock:
            position = str(len(self.log) + 1)
            self.log.append((position, kind, view))
            self._fold(position, kind, view)
            self.lock.notify_all()
        return position

    def stand(self, present: bool, place: str | None) -> None:
        """A badge or the desk says where the attendee is."""
        with self.lock:
            self.me = self.me | {"present": present, "place": place}
            self.lock.notify_all()

    def sign_in(self, *sign_ins: Doc) -> None:
        """Other devices sign in: all that are not dismissed here."""
        with self.lock:
            self.me = self.me | {"sign_ins": list(sign_ins)}
            self.lock.notify_all()

    def _fold(self, position: str, kind: str, view: Doc) -> None:
        cards = {card["card"]: card for card in self.inbox["cards"]}
        card = cards.get(view["card"], {"agreed_at": None, "your_place": None, "their_place": None})
        if kind == "withdrawn":
            cards.pop(view["card"], None)
        else:
            new = {"agreed_at": view["at"]} if kind == "agreed" else {}
            cards[view["card"]] = {**view, **card, **view, **new, "position": position}
        self.inbox = {"position": position, "cards": list(cards.values())}

    def count(self, **overview: Any) -> None:
        """New numbers for the organizer's stream."""
        with self.lock:
            self.overview = {**self.overview, **overview}
            self.overviews += 1
            self.lock.notify_all()


def presence_event(me: Doc) -> str:
    """The stream's event about the attendee's presence."""
    return json.dumps({"present": me["present"], "place": me["place"]})


def sign_ins_event(me: Doc) -> str:
    """The stream's event about sign-ins on the attendee's other devices."""
    return json.dumps({"sign_ins": me["sign_ins"]})
