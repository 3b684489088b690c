"""Builds the API of a server from its parts."""

from services.api.app import build_gateway
from services.api.attendee.account_proofs import AccountProofs
from services.api.attendee.account_states import AccountStates
from services.api.attendee.block_list import BlockList
from services.api.attendee.data_export import DataExport
from services.api.attendee.inbox_stream import InboxReader
from services.api.attendee.own_events import OwnEvents
from services.api.attendee.own_past import OwnPast
from services.api.attendee.profiles import ProfileLoader
from services.api.dead_letters.reader import DeadLetterReader
from services.api.dead_letters.resend import Resender
from services.api.dependencies import Dependencies
from services.api.ingest.check_in_notes import CheckInNotes
from services.api.ingest.event_ingest import EventIngest
from services.api.pages.files import PageFiles
from services.api.shared.check_in_devices import CheckInDevices
from services.api.shared.conference_access import ConferenceAccess
from services.api.shared.sign_in_notices import SignInNotices
from services.api.transport.decompression import Decompressor
from services.api.transport.metrics import Metrics
from services.api.transport.middleware import Edge
from services.server.parts import Parts


def build_api(parts: Parts) -> Edge:
    """Builds the API. UnusableError: the public path collides with the API's own paths."""
    return build_gateway(_dependencies(parts))


def _dependencies(parts: Parts) -> Dependencies:
    directory, runner, clock = parts.directory, parts.runner, parts.clock
    devices, decompressor, metrics = CheckInDevices(clock()), Decompressor(), Metrics()
    states, inbox = AccountStates(directory.accounts, runner), _inbox(parts)
    return Dependencies(
        address=parts.address,
        bounds=parts.bounds,
        clock=clock,
        limits=parts.limits,
        metrics=metrics,
        streams=parts.streams,
        decompressor=decompressor,
        admission=parts.admission,
        check_in_notes=CheckInNotes(parts.conferences, runner, parts.limits, devices, clock),
        check_in_devices=devices,
        event_ingest=EventIngest(parts.admission, decompressor, parts.limits, parts.bounds, metrics),
        connector_store=directory.connectors,
        source_client=parts.source_client,
        supervisor=parts.connectors,
        returning=parts.returning,
        access=ConferenceAccess(parts.conferences),
        registry=parts.conferences,
        erasures=parts.erasures,
        journal=parts.journal,
        matchers=runner,
        overviews=parts.overviews,
        runner=runner,
        attendee_import=parts.attendee_import,
        audit=directory.audit,
        first_links=directory.first_links,
        keys=directory.keys,
        mailer=parts.mailer,
        notices=SignInNotices(directory.sessions, parts.streams),
        people=directory.people,
        sessions=directory.sessions,
        account_proofs=AccountProofs(directory.codes, states, parts.proofs, parts.reader, parts.bounds.read_s),
        account_states=states,
        block_list=BlockList(directory, runner),
        data_export=DataExport(directory, parts.journal, runner, inbox, states, clock),
        inbox=inbox,
        inboxes=parts.inboxes,
        own_events=OwnEvents(parts.admission, clock),
        own_past=_own_past(parts, states),
        dead_letter_reader=DeadLetterReader(parts.letter_index, parts.journal, directory.letter_keys),
        inbox_rebuild=parts.inbox_rebuild,
        page_files=PageFiles(parts.static, parts.address.path),
        resender=Resender(parts.journal, directory.keys, parts.admission, clock),
    )


def _own_past(parts: Parts, states: AccountStates) -> OwnPast:
    return OwnPast(
        parts.repositories,
        parts.admission,
        parts.directory,
        parts.journal,
        parts.conferences,
        states,
        parts.limits.charge,
    )


def _inbox(parts: Parts) -> InboxReader:
    profiles = ProfileLoader(parts.directory.display)
    return InboxReader(
        parts.inboxes,
        parts.readiness,
        parts.runner,
        profiles,
        parts.conferences,
        parts.erasures,
        parts.bounds.beat_s,
    )
