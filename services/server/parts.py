"""The parts of a server by name, for the composition root, its background tasks, and tests.

Invariants: no route gets this list; what each route gets is in ``services.api.dependencies``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.admission.conference_registry import ConferenceRegistry
from services.admission.event_admission import EventAdmission
from services.admission.ownership_proofs import OwnershipProofs
from services.admission.registration.returning_attendees import ReturningAttendees
from services.api.dead_letters.index import DeadLetterIndex
from services.api.operator.inbox_rebuild import InboxRebuild
from services.api.organizer.attendee_import import AttendeeImport
from services.api.organizer.overview import Overviews
from services.api.shared.bounds import Bounds
from services.api.shared.public_address import PublicAddress
from services.api.shared.rate_limits import RateLimits
from services.api.shared.server_sent_events import StreamRegistry
from services.connectors.bluesky.repository_source import RepositorySource
from services.connectors.source_client import SourceClient
from services.connectors.supervisor import Supervisor
from services.directory.port import Directory, PostReader
from services.erasure.person_erasure import Erasures
from services.inbox.port import Inboxes
from services.journal import Journal
from services.runtime.ports import Readiness
from services.server.log_backends import StartableRunner


@dataclass(frozen=True, kw_only=True)
class Parts:
    """``clock`` returns ms since 1970. ``reader`` None: no network's posts can be read, so accounts cannot be verified.

    The composition root starts ``runner``.
    """

    runner: StartableRunner
    journal: Journal
    directory: Directory
    inboxes: Inboxes
    readiness: Readiness
    conferences: ConferenceRegistry
    admission: EventAdmission
    attendee_import: AttendeeImport
    connectors: Supervisor
    source_client: SourceClient
    repositories: RepositorySource
    returning: ReturningAttendees
    proofs: OwnershipProofs
    erasures: Erasures
    inbox_rebuild: InboxRebuild
    letter_index: DeadLetterIndex
    overviews: Overviews
    streams: StreamRegistry
    limits: RateLimits
    bounds: Bounds
    address: PublicAddress
    reader: PostReader | None
    clock: Callable[[], int]
    static: Path
