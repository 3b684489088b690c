"""Mails with sign-in links: each claimed once, nobody mailed twice, nothing to whom it is not for."""

from schemas.times import DAY_MS, HOUR_MS
from services.directory.port import (
    FIRST_MAIL_HOURS,
    LINK_DAYS,
    LOST_MAIL_HOURS,
    MOST_LOST_MAILS,
    MOST_SESSIONS,
    RECOVERY_LINK_HOURS,
    Directory,
    Mail,
    MailCounts,
    Person,
)
from tests.contract.directory.sessions import link_of, person, signed_in
from tests.directory.conftest import Clock


def claimed(directory: Directory) -> Mail:
    mail = directory.outbox.claim()
    assert mail is not None
    return mail


def in_group(directory: Directory, name: str) -> str:
    """Somebody whom the buyer of a group's tickets registered."""
    added = directory.people.add(Person(conference="hims", attendee=f"a{name}", name=name, email="buyer@example.org"))
    assert added is not None
    return added.attendee


class Outbox:
    """Mails with sign-in links."""

    def test_a_mailing_goes_once_to_each_who_has_never_signed_in(self, directory: Directory) -> None:
        person(directory, "ada")
        bob = person(directory, "bob")
        directory.people.add(Person(conference="hims", attendee="", name="Eve", email=""))  # has no address
        directory.people.add(Person(conference="vive", attendee="", name="Kim", email="kim@example.org"))
        signed_in(directory, link_of(directory, bob))
        assert directory.outbox.counts("hims") == MailCounts(unmailed=1)
        assert directory.outbox.queue_first_links("hims") == 1
        assert directory.outbox.queue_first_links("hims") == 0
        assert directory.outbox.counts("hims") == MailCounts(waiting=1)
        mail = claimed(directory)
        assert (mail.kind, mail.email, mail.tries) == ("first", "ada@example.org", 1)
        assert [(link.conference, link.name) for link in mail.links] == [("hims", "")]
        assert directory.outbox.claim() is None
        assert directory.outbox.counts("hims").waiting == 1
        directory.outbox.settle(mail.number, "accepted")
        assert directory.outbox.counts("hims") == MailCounts(accepted=1)
        assert directory.outbox.queue_first_links("hims") == 0
        assert directory.outbox.count_waiting() == 0
        assert signed_in(directory, mail.links[0].secret)

    def test_who_signs_in_or_is_erased_while_a_mail_waits_gets_none(self, directory: Directory) -> None:
        ada, bob = person(directory, "ada"), person(directory, "bob")
        directory.outbox.queue_first_links("hims")
        signed_in(directory, link_of(directory, ada))
        directory.erasing.erase("hims", [bob])
        assert directory.outbox.claim() is None
        assert directory.outbox.counts("hims") == MailCounts()
        assert directory.outbox.next_due() is None

    def test_a_delayed_mail_waits_and_leaves_no_link_behind(self, directory: Directory, clock: Clock) -> None:
        who = person(directory)
        link = link_of(directory, who)
        directory.outbox.queue_first_links("hims")
        for tries in range(1, 8):
            mail = claimed(directory)
            assert mail.tries == tries
            directory.outbox.settle(mail.number, "delayed", 60_000)
            assert directory.sessions.sign_in(mail.links[0].secret, "") is None
            assert directory.outbox.claim() is None
            assert directory.outbox.next_due() == clock.now + 60_000
            clock.now += 60_000
        directory.outbox.settle(claimed(directory).number, "delayed")  # the server was away: not a try
        assert claimed(directory).tries == tries + 1
        assert directory.sessions.sign_in(link, "")  # the one that somebody else handed out is as good as before

    def test_a_mail_is_late_after_its_hours_and_may_be_queued_again(self, directory: Directory, clock: Clock) -> None:
        person(directory)
        directory.outbox.queue_first_links("hims")
        clock.now += FIRST_MAIL_HOURS * HOUR_MS
        assert directory.outbox.claim() is None
        assert directory.outbox.counts("hims") == MailCounts(late=1, unmailed=1)
        assert directory.outbox.queue_first_links("hims") == 1
        assert claimed(directory).tries == 1

    def test_a_refused_address_is_mailed_again_only_when_it_was_corrected(self, directory: Directory) -> None:
        who = person(directory)
        directory.outbox.queue_first_links("hims")
        mail = claimed(directory)
        directory.outbox.settle(mail.number, "refused")
        assert directory.sessions.sign_in(mail.links[0].secret, "") is None
        assert directory.outbox.counts("hims") == MailCounts(refused=1, refused_attendees=(who,))
        assert directory.outbox.queue_first_links("hims") == 0
        directory.people.change(Person(conference="hims", attendee=who, name="ada", email="ada@example.com"))
        assert directory.outbox.counts("hims").unmailed == 1
        assert directory.outbox.queue_first_links("hims") == 1
        assert claimed(directory).email == "ada@example.com"

    def test_a_mail_that_a_crash_interrupted_is_unclear_and_not_sent_again(self, directory: Directory) -> None:
        person(directory)
        directory.outbox.queue_first_links("hims")
        mail = claimed(directory)
        assert directory.outbox.settle_interrupted() == 1
        assert directory.outbox.settle_interrupted() == 0
        assert directory.outbox.claim() is None
        assert directory.outbox.queue_first_links("hims") == 0
        assert directory.outbox.counts("hims") == MailCounts(unclear=1)
        assert signed_in(directory, mail.links[0].secret)  # it may have arrived

    def test_after_the_links_have_expired_people_may_be_mailed_again(self, directory: Directory, clock: Clock) -> None:
        person(directory)
        directory.outbox.queue_first_links("hims")
        directory.outbox.settle(claimed(directory).number, "accepted")
        clock.now += LINK_DAYS * DAY_MS
        directory.purge_expired()
        assert directory.outbox.queue_first_links("hims") == 0
        clock.now += 1
        directory.purge_expired()
        assert directory.outbox.queue_first_links("hims") == 1

    # -- lost links ----------------------------------------------------------------------------------------------

    def test_a_lost_link_goes_to_the_registered_address_alone(self, directory: Directory, clock: Clock) -> None:
        ada = person(directory)
        first = signed_in(directory, link_of(directory, ada))
        directory.keys.authenticate(first.token)
        directory.people.add(Person(conference="vive", attendee="", name="Ada", email="ada@example.org"))
        assert not directory.outbox.request_links("nobody@example.org")
        assert not directory.outbox.request_links("")
        assert directory.outbox.request_links(" ADA@example.org ")
        assert not directory.outbox.request_links("ada@example.org")  # one waits already
        mail = claimed(directory)
        assert (mail.kind, mail.email) == ("lost", "ada@example.org")
        links = {link.conference: link for link in mail.links}
        assert set(links) == {"hims", "vive"}
        assert links["hims"].expires == clock.now + RECOVERY_LINK_HOURS * HOUR_MS
        assert links["vive"].expires == clock.now + LINK_DAYS * DAY_MS
        again = signed_in(directory, links["hims"].secret, "Safari on iPhone")
        notified = directory.sessions.unseen("hims", ada, [first.grant.id])
        assert [each.session for each in notified[first.grant.id]] == [again.grant.id]
        clock.now += LINK_DAYS * DAY_MS
        assert directory.sessions.sign_in(links["vive"].secret, "") is None

    def test_a_link_after_the_first_sign_in_is_good_for_hours(self, directory: Directory, clock: Clock) -> None:
        who = person(directory)
        signed_in(directory, link_of(directory, who))
        directory.outbox.request_links("ada@example.org")
        (link,) = claimed(directory).links
        clock.now = link.expires
        assert directory.sessions.sign_in(link.secret, "") is None

    def test_who_shares_an_address_gets_no_link_after_the_first_sign_in(self, directory: Directory) -> None:
        """Whoever bought a group's tickets reads the mail of all, and must not act as any of them."""
        in_group(directory, "Bob")
        signed_in(directory, link_of(directory, in_group(directory, "Ada")))
        assert directory.outbox.request_links("buyer@example.org")
        assert [link.name for link in claimed(directory).links] == ["Bob"]
        signed_in(directory, link_of(directory, "aBob"))
        directory.outbox.settle_interrupted()
        assert directory.outbox.request_links("buyer@example.org")
        assert directory.outbox.claim() is None

    def test_an_address_that_was_changed_after_the_first_sign_in_gets_no_link(self, directory: Directory) -> None:
        """Whoever can correct an address, an organizer by a ticket shop, must not become that person by it."""
        ada, bob = person(directory, "ada"), person(directory, "bob")
        directory.people.change(Person(conference="hims", attendee=ada, name="Ada", email="ada@example.com"))
        signed_in(directory, link_of(directory, ada))
        signed_in(directory, link_of(directory, bob))
        directory.people.change(Person(conference="hims", attendee=ada, name="A", email="ada@example.com"))  # its name
        assert directory.outbox.request_links("ada@example.com")
        assert len(claimed(directory).links) == 1
        for email in ("eve@example.org", "bob@example.org"):  # back again too
            directory.people.change(Person(conference="hims", attendee=bob, name="Bob", email=email))
            directory.outbox.request_links(email)
            assert directory.outbox.claim() is None

    def test_of_a_group_each_has_a_mail_that_says_whose_link_it_is(self, directory: Directory) -> None:
        for name in ("Ada", "Bob"):
            in_group(directory, name)
        directory.outbox.queue_first_links("hims")
        mails = [claimed(directory), claimed(directory)]
        assert [(mail.email, mail.links[0].name) for mail in mails] == [
            ("buyer@example.org", "Ada"),
            ("buyer@example.org", "Bob"),
        ]

    def test_lost_links_come_first_and_are_few_a_day(self, directory: Directory, clock: Clock) -> None:
        person(directory, "ada")
        person(directory, "bob")
        directory.outbox.queue_first_links("hims")
        for _ in range(MOST_LOST_MAILS):
            clock.now += 1
            assert directory.outbox.request_links("ada@example.org")
            mail = claimed(directory)
            assert mail.kind == "lost"
            directory.outbox.settle(mail.number, "accepted")
        assert not directory.outbox.request_links("ada@example.org")
        assert directory.outbox.request_links("bob@example.org")
        clock.now += DAY_MS
        directory.purge_expired()
        assert directory.outbox.request_links("ada@example.org")

    def test_a_lost_link_that_comes_too_late_is_not_sent(self, directory: Directory, clock: Clock) -> None:
        person(directory)
        directory.outbox.request_links("ada@example.org")
        clock.now += LOST_MAIL_HOURS * HOUR_MS
        assert directory.outbox.claim() is None
        assert directory.outbox.next_due() is None

    def test_a_device_too_many_signs_out_the_one_unused_for_longest(self, directory: Directory, clock: Clock) -> None:
        who = person(directory)
        made = [signed_in(directory, link_of(directory, who))]
        directory.keys.authenticate(made[0].token)
        for _ in range(MOST_SESSIONS):
            clock.now += DAY_MS
            directory.keys.authenticate(made[0].token)
            directory.outbox.request_links("ada@example.org")
            mail = claimed(directory)
            made.append(signed_in(directory, mail.links[0].secret))
            directory.keys.authenticate(made[-1].token)
            directory.outbox.settle(mail.number, "accepted")
        living = [row.id for row in directory.sessions.active("hims", who)]
        assert living == [each.grant.id for each in [made[0], *made[2:]]]

    def test_nothing_of_an_erased_persons_mails_is_left(self, directory: Directory) -> None:
        who = person(directory)
        directory.outbox.request_links("ada@example.org")
        mail = claimed(directory)
        assert [(each.kind, each.state) for each in directory.outbox.mails_of("hims", who)] == [("lost", "sending")]
        directory.erasing.erase("hims", [who])
        assert directory.outbox.mails_of("hims", who) == []
        directory.outbox.settle(mail.number, "accepted")
        assert directory.sessions.sign_in(mail.links[0].secret, "") is None
        assert not directory.outbox.request_links("ada@example.org")
        directory.outbox.queue_first_links("hims")
        directory.erase_conference("hims")
        assert directory.outbox.count_waiting() == 0
