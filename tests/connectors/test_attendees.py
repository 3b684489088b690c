"""What the shop says about people: new, corrected, passed on, cancelled; and what it can never do to them."""

from datetime import timedelta
from pathlib import Path

from schemas.events import AttendeeErased
from schemas.times import format_time
from services.admission.sender import Sender
from tests.api.in_process import QUIET, run_to_end
from tests.api.people import CONFERENCE, good
from tests.connectors.connected import Connected, connected_to, until
from tests.connectors.fake_pretix import Shop

pytestmark = QUIET
ORGANIZER = Sender(role="organizer", id="org-1", conferences=frozenset({CONFERENCE}))


async def erase(connected: Connected, attendee: str) -> None:
    """As the person does it."""
    admission = connected.parts.admission
    event = AttendeeErased(id="gone", at=format_time(admission.clock()), conference=CONFERENCE, attendee=attendee)
    await admission.admit_events([event], ORGANIZER)
    await until(lambda: not connected.parts.directory.erasing.pending())


@run_to_end
async def test_a_corrected_name_or_address_stays_the_same_person(shop: Shop, address: str, tmp_path: Path) -> None:
    (ticket,) = shop.sell(("Ada Exampel", "ada@example.org"))
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: connected.count("registered"))
        ada = connected.id_of("Ada Exampel")
        shop.change(ticket, attendee_name="Ada Example")
        await until(lambda: connected.count("changed") == 1)
        shop.change(ticket, attendee_email="Ada@New.example")
        await until(lambda: connected.count("changed") == 2)
        await connected.idle()
        assert connected.people() == {"Ada Example": "ada@new.example"}
        assert connected.id_of("Ada Example") == ada
        assert len(connected.log("attendee.registered")) == 1
        assert connected.count("changed") == 2


@run_to_end
async def test_who_cancels_goes_and_who_has_another_ticket_stays(shop: Shop, address: str, tmp_path: Path) -> None:
    ada, bob = shop.sell(("Ada", "ada@example.org"), ("Bob", "bob@example.org"))
    (second,) = shop.sell(("Ada", "ada@example.org"))
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: connected.count("registered") == 2)
        shop.change(bob, status="c")  # the whole order, with Ada's first ticket
        await until(lambda: connected.count("removed") == 1)
        await connected.idle()
        assert (list(connected.people()), ada) == (["Ada"], 1)
        shop.change(second, status="c")
        await until(lambda: connected.count("removed") == 2)
        assert connected.people() == {}


@run_to_end
async def test_a_second_ticket_keeps_its_person(shop: Shop, address: str, tmp_path: Path) -> None:
    (first,) = shop.sell(("Ada", "ada@example.org"))
    (second,) = shop.sell(("ada", "Ada@Example.org"))
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: connected.count("registered") == 1)
        await connected.idle()
        shop.change(first, canceled=True)
        await connected.idle()
        assert list(connected.people()) == ["Ada"]
        shop.scan(second)
        await until(lambda: connected.count("check_ins"))
        shop.change(second, status="c")
        await until(lambda: connected.count("removed"))
        assert connected.people() == {}


@run_to_end
async def test_whom_the_organizer_registered_stays_when_a_ticket_is_cancelled(
    shop: Shop, address: str, tmp_path: Path
) -> None:
    """A speaker who had bought a ticket; with their accounts, which the shop does not know."""
    async with connected_to(address, tmp_path) as connected:
        made = await connected.inside.registered("ada")
        (ticket,) = shop.sell(("Ada", "ada@example.org"))
        shop.scan(ticket)
        await until(lambda: connected.count("check_ins"))
        held = connected.parts.directory.accounts.held_accounts(CONFERENCE, made["attendee"])
        assert list(held.values()) == ["x:ada"]
        assert connected.count("registered") == 0
        shop.change(ticket, status="c")
        await connected.idle()
        assert list(connected.people()) == ["Ada"]
        assert connected.count("removed") == 0


@run_to_end
async def test_pending_and_missing_orders_change_nothing(shop: Shop, address: str, tmp_path: Path) -> None:
    (pending,) = shop.sell(("Pia", "pia@example.org"), status="n")
    (ada,) = shop.sell(("Ada", "ada@example.org"))
    shop.scan(pending, ago=timedelta(seconds=3))  # let in although not paid
    async with connected_to(address, tmp_path) as connected:
        await connected.idle()
        assert list(connected.people()) == ["Ada"]
        shop.change(pending, status="p")
        await until(lambda: connected.count("check_ins") == 1)
        assert connected.check_ins()[0][1] == "Pia"
        shop.orders.pop(shop.position(ada)["order"])
        await connected.idle()
        assert sorted(connected.people()) == ["Ada", "Pia"]


@run_to_end
async def test_a_groups_order_is_several_people_at_one_address(shop: Shop, address: str, tmp_path: Path) -> None:
    tickets = shop.sell(("Ada", ""), ("Bob", ""), ("Cyd", ""), email="boss@example.org")
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: connected.count("registered") == 3)
        ids = {name: connected.id_of(name) for name in ("Ada", "Bob", "Cyd")}
        (fourth,) = shop.sell(("Dan", ""), email="boss@example.org")
        await until(lambda: connected.count("registered") == 4)
        shop.change(tickets[1], attendee_name="BOB")
        await until(lambda: connected.count("changed") == 1)
        assert {name: connected.id_of(name) for name in ("Ada", "BOB", "Cyd")} == {
            "Ada": ids["Ada"],
            "BOB": ids["Bob"],
            "Cyd": ids["Cyd"],
        }
        shop.change(fourth, status="c")
        await until(lambda: connected.count("removed") == 1)
        assert sorted(connected.people()) == ["Ada", "BOB", "Cyd"]


@run_to_end
async def test_a_single_person_of_a_file_is_the_tickets_holder_and_keeps_their_name(
    shop: Shop, address: str, tmp_path: Path
) -> None:
    async with connected_to(address, tmp_path) as connected:
        made = await connected.inside.registered("ada")
        (ticket,) = shop.sell(("Ada Lovelace-Example", "ada@example.org"))
        found = await until(lambda: connected.ticket(ticket))
        assert (found.attendee, found.has_brought) == (made["attendee"], False)
        shop.scan(ticket)
        await until(lambda: connected.count("check_ins"))
        assert connected.people() == {"Ada": "ada@example.org"}


@run_to_end
async def test_who_asked_to_be_erased_waits_and_is_checked_in_nowhere(shop: Shop, address: str, tmp_path: Path) -> None:
    """The attack: the shop keeps saying that they have a ticket, and scans it."""
    (ticket,) = shop.sell(("Ada", "ada@example.org"))
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: connected.count("registered") == 1)
        ada = connected.id_of("Ada")
        await erase(connected, ada)
        before = len(connected.log("attendee.registered", "checkin.arrived"))
        shop.change(ticket, attendee_name="Ada")
        shop.scan(ticket)
        await until(lambda: connected.count("waiting"))
        await connected.idle()
        await connected.idle()
        assert connected.count("waiting") == 1  # however often it is polled
        back = connected.id_of("Ada")
        assert back != ada
        assert connected.parts.directory.is_waiting(CONFERENCE, back)
        assert len(connected.log("attendee.registered", "checkin.arrived")) == before
        await connected.parts.returning.confirm(CONFERENCE, back)  # their own tap
        shop.scan(ticket)
        await until(lambda: connected.count("check_ins"))
        assert {row[1] for row in connected.check_ins()} == {"Ada"}


@run_to_end
async def test_without_an_address_an_erased_person_never_returns(shop: Shop, address: str, tmp_path: Path) -> None:
    (ticket,) = shop.sell(("Ada", ""), email=None)
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: connected.count("registered") == 1)
        await erase(connected, connected.id_of("Ada"))
        shop.change(ticket, attendee_name="Ada")
        shop.scan(ticket)
        await until(lambda: connected.count("refused"))
        await connected.idle()
        assert connected.people() == {}
        assert "needs an e-mail address" in connected.health.error
        assert connected.check_ins() == []


@run_to_end
async def test_the_shop_raises_no_consent_and_ends_no_claim(shop: Shop, address: str, tmp_path: Path) -> None:
    (ticket,) = shop.sell(("Ada", "ada@example.org"))
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: connected.count("registered") == 1)
        for number, name in enumerate(("ADA", "Áda", "ada")):
            shop.change(ticket, attendee_name=name)
            await until(lambda: connected.count("changed") == number + 1)  # noqa: B023
        state = await connected.parts.runner.ask(
            CONFERENCE,
            lambda matcher: (
                [] if matcher is None else [(each.matching, each.chats) for each in matcher.state.attendees.values()]
            ),
        )
        assert state == [(False, False)]


@run_to_end
async def test_names_that_cannot_be_are_refused_and_the_others_registered(
    shop: Shop, address: str, tmp_path: Path
) -> None:
    shop.sell(("A" * 300, "a@example.org"), ("Bob", "not an address"), ("Cyd", "cyd@example.org"))
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: connected.count("registered") == 1)
        await connected.idle()
        assert list(connected.people()) == ["Cyd"]
        assert connected.count("refused") >= 2
        assert "A ticket could not be registered" in connected.health.error


@run_to_end
async def test_a_person_keeps_the_address_of_somebody_else(shop: Shop, address: str, tmp_path: Path) -> None:
    """Two who swap their addresses are neither lost nor merged."""
    ada, bob = shop.sell(("Ada", "ada@example.org"), ("Bob", "bob@example.org"))
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: connected.count("registered") == 2)
        shop.change(ada, attendee_email="bob@example.org")
        shop.change(bob, attendee_email="ada@example.org")
        await connected.idle()
        assert set(connected.people()) == {"Ada", "Bob"}


@run_to_end
async def test_a_closed_or_erased_conference_ends_its_connector(shop: Shop, address: str, tmp_path: Path) -> None:
    shop.sell(("Ada", "ada@example.org"))
    async with connected_to(address, tmp_path) as connected:
        await until(lambda: connected.count("registered") == 1)
        organizer = connected.inside.organizer
        good(await organizer.post(f"/v1/conferences/{CONFERENCE}/close"))
        await until(lambda: connected.health.state == "ended")
        answer = await organizer.request("DELETE", f"/v1/conferences/{CONFERENCE}", json={"erase": CONFERENCE})
        assert answer.status_code == 202
        assert connected.parts.directory.connectors.all() == []
        assert connected.parts.directory.people.page(CONFERENCE) == []
