"""The parts that routes use, put together by the composition root.

Owns: the list of parts. May never: make one by itself.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from schemas.events import ConferenceOpened
from services.admission.conferences import Conferences, Known
from services.admission.intake import Intake, Result
from services.admission.returning_attendees import Returning
from services.admission.sender import Sender, sender_of
from services.api.attendee.profiles import Faces
from services.api.operator.inbox_rebuild import Rebuilding
from services.api.organizer.check_in_devices import Devices
from services.api.organizer.overview import Overviews
from services.api.shared.bounds import Bounds
from services.api.shared.guard import Caller
from services.api.shared.problems import ProblemError
from services.api.shared.rate_limits import Budgets
from services.api.shared.server_sent_events import Hub
from services.api.transport.decompression import Unpacker
from services.api.transport.metrics import Metrics
from services.directory.port import Directory, PostReader
from services.erasure.people import Erasures
from services.inbox.port import Inboxes
from services.journal import Journal
from services.runtime.ports import Readiness, Runner
from streams.matching import Matcher

T = TypeVar("T")


@dataclass(frozen=True)
class Gate:
    """``clock`` gives ms since 1970. ``reader`` None: no network's posts can be read, accounts cannot be verified."""

    runner: Runner
    journal: Journal
    directory: Directory
    inboxes: Inboxes
    conferences: Conferences
    intake: Intake
    erasures: Erasures
    delivering: Readiness
    overviews: Overviews
    hub: Hub
    metrics: Metrics
    reader: PostReader | None
    clock: Callable[[], int]
    public_url: str
    static: Path
    budgets: Budgets
    bounds: Bounds = field(default_factory=Bounds)
    registering: asyncio.Lock = field(default_factory=asyncio.Lock)
    importing: asyncio.Lock = field(default_factory=asyncio.Lock)  # taken before the other
    unpacker: Unpacker = field(default_factory=Unpacker)
    downloading: asyncio.Lock = field(default_factory=asyncio.Lock)  # one reads a whole log; the threads are few

    faces: Faces = field(init=False)
    rebuilding: Rebuilding = field(init=False)
    devices: Devices = field(init=False)
    returning: Returning = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "devices", Devices(self.clock()))
        object.__setattr__(self, "faces", Faces(self.directory.display))
        object.__setattr__(self, "rebuilding", Rebuilding(self.inboxes, self.delivering))
        object.__setattr__(self, "returning", Returning(self.intake))

    def charge(self, rate: str, who: str, cost: int = 1) -> None:
        """Takes it from the caller's bucket; ProblemError when it is empty."""
        self.budgets.charge(rate, who, cost)

    def sender(self, caller: Caller) -> Sender:
        """The caller as the door knows senders."""
        assert caller.grant is not None
        return sender_of(caller.grant)

    async def ask(self, conference: str, question: Callable[[Matcher | None], T]) -> T:
        """What a function says of the conference's matcher."""
        return await self.runner.ask(conference, question)

    def owns(self, caller: Caller, conference: str) -> bool:
        """Whether the conference is this caller's own; all are the operator's."""
        if caller.role == "operator":
            return True
        assert caller.grant is not None
        return conference in caller.grant.conferences or conference in self.conferences.owned(caller.grant.subject)

    def owned(self, caller: Caller, conference: str) -> Known:
        """An open or closed conference of this caller's own; ProblemError otherwise, the same whether it exists."""
        known = self.conferences.get(conference)
        if caller.role == "operator":
            if known is None:
                raise ProblemError(404, "conference", "There is no such conference. Open it with PUT first.")
            return known
        if not self.owns(caller, conference):
            raise ProblemError(403, "conference", "This key is not for that conference. Use the one that opened it.")
        if known is None:
            raise ProblemError(404, "conference", "This conference is not open yet. Open it with PUT first.")
        return known

    def opened(self, caller: Caller) -> ConferenceOpened | None:
        """The conference of an attendee's session."""
        known = self.conferences.get(caller.conference)
        return None if known is None else known.opened

    @property
    def below(self) -> str:
        """The path of the public address, "" or such as "/hallway": all links, files and cookies are below it."""
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def secure(self) -> bool:
        """Whether people come by https."""
        return self.public_url.startswith("https://")


def sole(results: list[Result]) -> Result:
    """The one result, when it was taken; a ProblemError with the door's words otherwise."""
    (result,) = results
    if result.status == "rejected":
        raise ProblemError(422, "event", f"{result.reason} Mend it and send it again.", field=result.field)
    return result
