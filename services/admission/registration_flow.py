"""Registering attendees: the directory and the log know the same people, whatever fails in between.

Owns: the order. May never: leave a person in the directory whom the log refused.
Theory: the directory first, for it finds by the e-mail who is there already: what was interrupted, or may have been
taken (a time limit), is said again with the same ids. What the log surely did not take is taken back. One request
after another, so that nobody finds a person who is about to be taken back.
"""

import asyncio
from collections.abc import Sequence

from services.admission.attendee_csv import AttendeeRow
from services.admission.intake import Intake, Result
from services.admission.registration import WAITS, Enrolled, enrolled, taken_back
from services.admission.sender import Sender
from services.journal import JournalError
from services.runtime import BusyError, StoppedError, UnavailableError

_WAITS = Result("waits", reason=WAITS)
_NOTHING_TAKEN = (BusyError, StoppedError, UnavailableError, JournalError)  # as ``Runner.take`` says


async def registered(
    intake: Intake, turn: asyncio.Lock, sender: Sender, conference: str, rows: Sequence[AttendeeRow]
) -> list[tuple[Enrolled, Result]]:
    """Each row's person, and what the log said; ``waits``: it was told nothing, before the person's own word.

    Raises as ``Runner.take``; ``turn`` is for this alone."""
    directory = intake.directory
    async with turn:
        async with intake.lock:  # nobody is erased meanwhile
            made = await asyncio.to_thread(enrolled, conference, rows, directory, intake.clock())
        try:
            said = iter(await intake.say([each.event for each in made if each.event is not None], sender))
        except _NOTHING_TAKEN:
            await asyncio.to_thread(taken_back, conference, made, directory)
            raise
        results = [_WAITS if each.event is None else next(said) for each in made]
        refused = [each for each, result in zip(made, results, strict=True) if result.status == "rejected"]
        if refused:
            await asyncio.to_thread(taken_back, conference, refused, directory)
        return list(zip(made, results, strict=True))
