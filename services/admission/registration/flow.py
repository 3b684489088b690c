"""Registers attendees so that the directory and the log know the same people, whatever fails in between.

Invariants: nobody stays in the directory whom the log refused.
Why: the directory comes first, because it finds by e-mail who is registered already. After an interruption or a
time-out the same ids are sent again. People whom the log certainly did not accept are removed again. Registrations run
one after another, so that none finds a person who is about to be removed.
"""

import asyncio
from collections.abc import Sequence

from services.admission.event_admission import EventAdmission
from services.admission.pseudonymization import AWAITS_CONFIRMATION
from services.admission.registration.attendee_csv import AttendeeRow
from services.admission.registration.enrolment import Enrolment, enroll, undo_enrolment
from services.admission.results import Result
from services.admission.sender import Sender
from services.journal import JournalError
from services.runtime import BusyError, LogUnavailableError, StoppedError

_AWAITS_CONFIRMATION = Result("waits", reason=AWAITS_CONFIRMATION)
_NOT_RECORDED = (BusyError, StoppedError, LogUnavailableError, JournalError)  # as ``Runner.take`` says


async def register_attendees(
    admission: EventAdmission,
    turn: asyncio.Lock,
    sender: Sender,
    conference: str,
    rows: Sequence[AttendeeRow],
    *,
    are_of_shop: bool = False,
) -> list[tuple[Enrolment, Result]]:
    """Each row's person and result; status ``waits``: the person must confirm first, so the log got nothing.

    ``turn``: a lock for this function alone. ``are_of_shop``: tickets name these people, so a cancelled one may remove
    them; whom the organizer registers, no ticket removes from then on. Raises as ``Runner.take``."""
    directory = admission.directory
    async with turn:
        async with admission.lock:  # no erasure runs meanwhile
            enrolments = await asyncio.to_thread(enroll, conference, rows, directory, admission.clock())
            if not are_of_shop:
                people = [each.attendee for each in enrolments]
                await asyncio.to_thread(directory.connectors.release, conference, people)
        try:
            answers = iter(
                await admission.admit_events([each.event for each in enrolments if each.event is not None], sender)
            )
        except _NOT_RECORDED:
            await asyncio.to_thread(undo_enrolment, conference, enrolments, directory)
            raise
        results = [_AWAITS_CONFIRMATION if each.event is None else next(answers) for each in enrolments]
        refused = [each for each, result in zip(enrolments, results, strict=True) if result.status == "rejected"]
        if refused:
            await asyncio.to_thread(undo_enrolment, conference, refused, directory)
        return list(zip(enrolments, results, strict=True))
