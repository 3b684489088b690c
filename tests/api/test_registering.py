"""Registration: directory and log know the same people; whom the log refuses, the directory does not store."""

import asyncio
from collections.abc import Sequence

import pytest

from schemas.events import Consent, Input
from services.admission.conference_registry import ConferenceRegistry
from services.admission.event_admission import EventAdmission
from services.admission.post_index_writer import PostIndexWriter
from services.admission.registration.attendee_csv import AttendeeRow
from services.admission.registration.enrolment import Enrolment
from services.admission.registration.flow import register_attendees
from services.admission.results import Result
from services.admission.sender import Sender
from services.directory.sqlite import SqliteDirectory
from services.journal import JournalError, JournalFullError
from services.runtime import Accepted, Answer, BusyError, LogUnavailableError, Rejected, StoppedError
from services.runtime.event_validator import Item

NOW = 1_780_000_000_000
OWN = Sender(role="organizer", id="org-1", conferences=frozenset({"hims"}))
NONE = Consent(matching=False, chats=False, share_place=False)


class Log:
    """Stands for the runner: fails, or answers as told; remembers what it was given."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.answers: list[Answer] = []
        self.items: list[Item] = []

    async def take(self, items: Sequence[Item], sender: str, first: int = 1) -> list[Answer]:
        if self.error is not None:
            raise self.error
        self.items += items
        return [self.answers.pop(0) if self.answers else Accepted((), None) for _ in items]


async def _ignore(events: Sequence[Input]) -> None:
    """Nothing follows."""


class Desk:
    """Registers; ``known`` are the e-mails in the directory."""

    def __init__(self) -> None:
        self.log, self.turn = Log(), asyncio.Lock()
        self.directory = SqliteDirectory(None, lambda: NOW)
        post_index = PostIndexWriter(self.directory.index_posts)
        self.admission = EventAdmission(
            self.log, self.directory, ConferenceRegistry(), lambda: NOW, _ignore, _ignore, post_index
        )  # type: ignore[arg-type]

    def __call__(self, *names: str, sender: Sender = OWN) -> list[tuple[Enrolment, Result]]:
        rows = [
            AttendeeRow(line=n, name=name, email=f"{name}@b.org", accounts=(), consent=NONE, show_name=False)
            for n, name in enumerate(names)
        ]
        return asyncio.run(register_attendees(self.admission, self.turn, sender, "hims", rows))

    def known(self) -> set[str]:
        return {person.email.partition("@")[0] for person in self.directory.people.page("hims")}


@pytest.mark.parametrize("error", [BusyError, StoppedError, LogUnavailableError, JournalError, JournalFullError])
def test_what_was_not_taken_is_taken_back_and_nobody_else(error: type[Exception]) -> None:
    desk = Desk()
    ((before, _),) = desk("ada")
    desk.log.error = error("Not now.")
    with pytest.raises(error):
        desk("ada", "bob", "cyd")
    assert desk.known() == {"ada"}
    desk.log.error = None
    (again, _), (bob, _) = desk("ada", "bob")
    assert (again.attendee, again.is_new, bob.is_new) == (before.attendee, False, True)
    assert desk.known() == {"ada", "bob"}


def test_what_may_have_been_taken_is_said_again_with_the_same_ids() -> None:
    desk = Desk()
    desk.log.error = TimeoutError()
    with pytest.raises(TimeoutError):
        desk("ada")
    (person,) = desk.directory.people.page("hims")
    desk.log.error = None
    ((made, result),) = desk("ada")
    assert (made.attendee, result.status) == (person.attendee, "accepted")


def test_of_several_the_refused_are_taken_back() -> None:
    desk = Desk()
    desk.log.answers = [Accepted((), None), Rejected("Too long.", None), Accepted((), None)]
    assert [result.status for _, result in desk("ada", "bob", "cyd")] == ["accepted", "rejected", "accepted"]
    assert desk.known() == {"ada", "cyd"}


def test_whoever_may_not_register_leaves_nobody() -> None:
    desk = Desk()
    other = Sender(role="organizer", id="org-2", conferences=frozenset({"vive"}))
    assert [result.status for _, result in desk("ada", sender=other)] == ["rejected"]
    assert (desk.known(), desk.log.items) == (set(), [])


def test_the_same_e_mail_twice_is_one_person() -> None:
    desk = Desk()
    (first, _), (second, _) = desk("ada", "ada")
    assert (first.attendee, first.is_new, second.is_new) == (second.attendee, True, False)
    desk.log.error = BusyError("Not now.")
    with pytest.raises(BusyError):
        desk("bob", "bob")
    assert desk.known() == {"ada"}
