"""The objects that routes can ask for, by name: a parameter of that name marked ``Injected`` receives the object.

Responsibility: the names and their types. The composition root creates the objects and ``app`` provides them to routes.
Invariants:
- Neither a route nor anything behind one gets this whole list (import-linter checks that none imports it).
- No name is also the name of a field that clients send: Litestar would report an error in it as the server's.
"""

from dataclasses import dataclass

from services.admission.conference_registry import ConferenceRegistry
from services.admission.event_admission import EventAdmission
from services.admission.registration.returning_attendees import ReturningAttendees
from services.api.attendee.account_proofs import AccountProofs
from services.api.attendee.account_states import AccountStates
from services.api.attendee.block_list import BlockList
from services.api.attendee.data_export import DataExport
from services.api.attendee.inbox_stream import InboxReader
from services.api.attendee.own_events import OwnEvents
from services.api.attendee.own_past import OwnPast
from services.api.dead_letters.reader import DeadLetterReader
from services.api.dead_letters.resend import Resender
from services.api.ingest.check_in_notes import CheckInNotes
from services.api.ingest.event_ingest import EventIngest
from services.api.operator.inbox_rebuild import InboxRebuild
from services.api.organizer.attendee_import import AttendeeImport
from services.api.organizer.link_export import FirstLinks
from services.api.organizer.overview import Overviews
from services.api.pages.files import PageFiles
from services.api.shared.bounds import Bounds
from services.api.shared.check_in_devices import CheckInDevices
from services.api.shared.conference_access import ConferenceAccess
from services.api.shared.injection import Clock
from services.api.shared.public_address import PublicAddress
from services.api.shared.rate_limits import RateLimits
from services.api.shared.server_sent_events import StreamRegistry
from services.api.shared.sign_in_notices import SignInNotices
from services.api.transport.decompression import Decompressor
from services.api.transport.metrics import Metrics
from services.connectors.source_client import SourceClient
from services.connectors.supervisor import Supervisor
from services.directory.port import AuditLog, Connectors, Keys, People, Sessions
from services.erasure.person_erasure import Erasures
from services.inbox.port import Inboxes
from services.journal import Journal
from services.runtime.ports import Matchers, Runner


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """One object for each parameter name."""

    # every request
    address: PublicAddress
    bounds: Bounds
    clock: Clock
    limits: RateLimits
    metrics: Metrics
    streams: StreamRegistry
    decompressor: Decompressor

    # ingestion
    admission: EventAdmission
    check_in_notes: CheckInNotes
    event_ingest: EventIngest
    check_in_devices: CheckInDevices
    returning: ReturningAttendees

    # connectors
    connector_store: Connectors
    source_client: SourceClient
    supervisor: Supervisor

    # conferences
    access: ConferenceAccess
    registry: ConferenceRegistry
    erasures: Erasures
    journal: Journal
    matchers: Matchers
    overviews: Overviews
    runner: Runner

    # people
    attendee_import: AttendeeImport
    audit: AuditLog
    first_links: FirstLinks
    keys: Keys
    notices: SignInNotices
    people: People
    sessions: Sessions

    # attendees
    account_proofs: AccountProofs
    account_states: AccountStates
    block_list: BlockList
    data_export: DataExport
    inbox: InboxReader
    inboxes: Inboxes
    own_events: OwnEvents
    own_past: OwnPast

    # operation
    dead_letter_reader: DeadLetterReader
    inbox_rebuild: InboxRebuild
    page_files: PageFiles
    resender: Resender
