"""Links and sessions of attendees: from an organizer before the first sign-in alone, then by a living session."""

from itertools import pairwise

from schemas.times import DAY_MS, MINUTE_MS
from services.directory.port import (
    DEVICE_LINK_MS,
    LINK_DAYS,
    MOST_LINKS,
    MOST_SESSIONS,
    MOST_SIGN_INS,
    SESSION_DAYS,
    Directory,
    NewSession,
    NoLink,
    Person,
)
from tests.directory.conftest import Clock

BEFORE_SIGN_INS = 4  # migrations


def person(directory: Directory, name: str = "ada") -> str:
    added = directory.people.add(Person(conference="hims", attendee="", name=name, email=f"{name}@example.org"))
    assert added is not None
    return added.attendee


def link_of(directory: Directory, who: str) -> str:
    link = directory.sessions.first_link("hims", who)
    assert isinstance(link, str)
    return link


def signed_in(directory: Directory, link: str, device: str = "Firefox on Linux") -> NewSession:
    made = directory.sessions.sign_in(link, device)
    assert made is not None
    return made


def another(directory: Directory, session: NewSession, device: str = "Safari on iPhone") -> NewSession:
    link = directory.sessions.device_link(session.grant)
    assert isinstance(link, str)
    return signed_in(directory, link, device)


class Sessions:
    """Links and sessions of attendees."""

    def test_a_link_is_good_once_and_becomes_a_session(self, directory: Directory) -> None:
        who = person(directory)
        link = link_of(directory, who)
        assert directory.keys.authenticate(link) is None
        made = signed_in(directory, link)
        grant = directory.keys.authenticate(made.token)
        assert grant == made.grant
        assert directory.sessions.sign_in(link, "") is None
        assert directory.sessions.sign_in(made.token, "") is None
        assert (grant.role, grant.subject, grant.conferences) == ("attendee", who, ("hims",))

    def test_after_the_first_sign_in_there_is_no_first_link(self, directory: Directory, clock: Clock) -> None:
        who = person(directory)
        links = [link_of(directory, who) for _ in range(3)]
        made = signed_in(directory, links[0])
        assert directory.keys.authenticate(made.token)
        assert [directory.sessions.sign_in(link, "") for link in links] == [None] * 3
        assert directory.sessions.first_link("hims", who) is NoLink.SIGNED_IN
        directory.sessions.end("hims", who, made.grant.id)
        clock.now += (SESSION_DAYS + 1) * DAY_MS
        directory.purge_expired()
        assert directory.sessions.first_link("hims", who) is NoLink.SIGNED_IN  # for ever
        assert directory.sessions.first_link("vive", who) is NoLink.UNKNOWN
        assert directory.sessions.first_link("hims", "nobody") is NoLink.UNKNOWN

    def test_an_answer_that_was_lost_locks_nobody_out(self, directory: Directory) -> None:
        """Nobody can make another link: so it is good until its session is used, and there is one session of it."""
        who = person(directory)
        link, other = link_of(directory, who), link_of(directory, who)
        lost, again = signed_in(directory, link), signed_in(directory, link)
        assert directory.keys.authenticate(lost.token) is None
        assert directory.sessions.sign_in(other, "") is None
        assert directory.keys.authenticate(again.token)
        assert directory.sessions.sign_in(link, "") is None
        directory.sessions.end("hims", who, again.grant.id)
        assert directory.sessions.sign_in(link, "") is None

    def test_each_of_a_page_has_a_link_or_none(self, directory: Directory) -> None:
        ada, bob = person(directory, "ada"), person(directory, "bob")
        signed_in(directory, link_of(directory, ada))
        found = {who.attendee: link for who, link in directory.first_links("hims", "", 10)}
        assert found[ada] is NoLink.SIGNED_IN
        assert isinstance(found[bob], str)

    def test_links_and_sessions_expire_at_their_moment(self, directory: Directory, clock: Clock) -> None:
        ada, bob = person(directory, "ada"), person(directory, "bob")
        late = link_of(directory, bob)
        clock.now += LINK_DAYS * DAY_MS
        assert directory.sessions.sign_in(late, "") is None
        first = signed_in(directory, link_of(directory, ada))
        link = directory.sessions.device_link(first.grant)
        assert isinstance(link, str)
        clock.now += DEVICE_LINK_MS
        assert directory.sessions.sign_in(link, "") is None
        clock.now += SESSION_DAYS * DAY_MS - DEVICE_LINK_MS - 1
        assert directory.keys.authenticate(first.token)
        clock.now += 1
        assert directory.keys.authenticate(first.token) is None
        assert directory.sessions.active("hims", ada) == []
        assert directory.sessions.device_link(first.grant) is NoLink.ENDED

    def test_old_links_make_space(self, directory: Directory, clock: Clock) -> None:
        who = person(directory)
        links = []
        for _ in range(MOST_LINKS + 1):
            links.append(link_of(directory, who))
            clock.now += 1
        assert directory.sessions.sign_in(links[0], "") is None
        assert directory.sessions.sign_in(links[1], "")

    def test_sessions_are_bounded_and_the_old_ones_stay(self, directory: Directory, clock: Clock) -> None:
        made = [signed_in(directory, link_of(directory, person(directory)))]
        for _ in range(MOST_SESSIONS - 1):
            clock.now += 1
            made.append(another(directory, made[-1]))
        assert directory.sessions.device_link(made[0].grant) is NoLink.FULL
        assert all(directory.keys.authenticate(session.token) for session in made)

    def test_ending_ends_the_links_of_a_session_and_nothing_else(self, directory: Directory) -> None:
        who = person(directory)
        phone = signed_in(directory, link_of(directory, who))
        laptop = another(directory, phone)
        link = directory.sessions.device_link(laptop.grant)
        assert isinstance(link, str)
        assert not directory.sessions.end("hims", "somebody", laptop.grant.id)
        assert not directory.sessions.end("vive", who, laptop.grant.id)
        assert directory.sessions.end("hims", who, laptop.grant.id)
        assert not directory.sessions.end("hims", who, laptop.grant.id)
        assert directory.sessions.sign_in(link, "") is None
        assert directory.keys.authenticate(laptop.token) is None
        assert directory.keys.authenticate(phone.token)

    def test_ending_the_others_spares_strangers_and_keys(self, directory: Directory) -> None:
        ada, bob = (signed_in(directory, link_of(directory, person(directory, name))) for name in ("ada", "bob"))
        laptop = another(directory, ada)
        key = directory.keys.issue_key("organizer", ada.grant.subject, ["hims"])
        assert directory.sessions.end_others(laptop.grant) == [ada.grant.id]
        assert directory.sessions.end_others(laptop.grant) == []
        assert [bool(directory.keys.authenticate(token)) for token in (ada.token, laptop.token, bob.token, key)] == [
            False,
            True,
            True,
            True,
        ]

    def test_sign_ins_are_reported_until_each_session_dismisses_them(self, directory: Directory) -> None:
        phone = signed_in(directory, link_of(directory, person(directory)))
        who, (one, two) = phone.grant.subject, (another(directory, phone, "one"), another(directory, phone, "two"))

        def told(session: NewSession) -> list[str]:
            found = directory.sessions.unseen("hims", who, [session.grant.id])
            return [each.device for each in found[session.grant.id]]

        assert (told(phone), told(one), told(two)) == (["one", "two"], ["two"], [])
        directory.sessions.dismiss(phone.grant, 2)
        assert (told(phone), told(one)) == (["two"], ["two"])
        directory.sessions.dismiss(phone.grant, 99)
        directory.sessions.dismiss(phone.grant, 0)  # dismissed is dismissed
        assert told(phone) == []
        directory.sessions.end("hims", who, two.grant.id)
        another(directory, phone, "three")
        assert (told(phone), told(one)) == (["three"], ["two", "three"])
        assert directory.sessions.unseen("hims", "somebody", [phone.grant.id]) == {phone.grant.id: []}

    def test_sign_ins_are_remembered_up_to_a_bound(self, directory: Directory, clock: Clock) -> None:
        phone = signed_in(directory, link_of(directory, person(directory)))
        who = phone.grant.subject
        for _ in range(MOST_SIGN_INS + 3):
            clock.now += MINUTE_MS
            laptop = another(directory, phone)
            directory.sessions.end("hims", who, laptop.grant.id)
        numbers = [each.number for each in directory.sessions.sign_ins("hims", who)]
        assert len(numbers) == MOST_SIGN_INS
        assert all(later == number + 1 for number, later in pairwise(numbers))
        assert directory.sessions.first_link("hims", who) is NoLink.SIGNED_IN

    def test_who_has_ever_signed_in_is_known(self, directory: Directory) -> None:
        ada, _ = person(directory, "ada"), person(directory, "bob")
        made = signed_in(directory, link_of(directory, ada))
        directory.sessions.end("hims", ada, made.grant.id)
        assert directory.signed_in("hims") == {ada}
        assert directory.signed_in("vive") == frozenset()
