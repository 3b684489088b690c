"""What a buyer can do to people by typing into a ticket: nothing to those whom the shop did not bring, or who are
theirs since they signed in; and a ticket that is passed on takes nothing along."""

from csv import DictReader
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.events import AttendeeErased
from schemas.times import format_time
from services.admission.sender import Sender
from tests.api.in_process import QUIET, run_to_end
from tests.api.people import CONFERENCE, good, secret_of
from tests.connectors.connected import Connected, connected_to, until
from tests.connectors.fake_pretix import Shop

pytestmark = QUIET
ORGANIZER = Sender(role="organizer", id="org-1", conferences=frozenset({CONFERENCE}))
EVIL = "mallory@evil.example"


async def erase(connected: Connected, attendee: str) -> None:
    """As the person does it."""
    admission = connected.parts.admission
    at = format_time(admission.clock())
    event = AttendeeErased(id=f"gone {attendee}", at=at, conference=CONFERENCE, attendee=attendee)
    await admission.admit_events([event], ORGANIZER)
    await until(lambda: not connected.parts.directory.erasing.pending())


async def links(connected: Connected) -> list[dict[str, str]]:
    """ "Make links for all"."""
    answer = await connected.inside.organizer.post(f"/v1/conferences/{CONFERENCE}/attendees/links")
    return list(DictReader(StringIO(answer.text.lstrip("\ufeff"))))


async def signed_in(connected: Connected, link: str) -> httpx.AsyncClient:
    client: httpx.AsyncClient = connected.inside.client()
    good(await client.post("/v1/session", json={"link": secret_of(link)}))
    return client


def person(connected: Connected, attendee: str) -> tuple[str, str]:
    found = connected.parts.directory.people.get(CONFERENCE, attendee)
    assert found is not None
    return found.name, found.email


def ids_at(connected: Connected, email: str) -> list[str]:
    return [each.attendee for each in connected.parts.directory.people.all_by_email(CONFERENCE, email)]


async def sold(connected: Connected, shop: Shop, *people: tuple[str, str], **fields: Any) -> list[int]:
    """An order that was taken in."""
    tickets = shop.sell(*people, **fields)
    for ticket in tickets:
        await until(lambda: connected.ticket(ticket))  # noqa: B023 - at once
    return tickets


async def passed_on(connected: Connected, ticket: int, before: str) -> str:
    """The id of the new holder, when there is one."""

    def holder() -> str:
        found = connected.ticket(ticket)
        return "" if found is None or found.attendee == before else found.attendee

    found: str = await until(holder)
    return found


@run_to_end
async def test_a_buyer_takes_nobody_of_the_file_over(shop: Shop, address: str, tmp_path: Path) -> None:
    """With Vera's name and address on a ticket, then with another address, then with another name."""
    async with connected_to(address, tmp_path) as connected:
        vera = (await connected.inside.registered("vera"))["attendee"]
        (ticket,) = await sold(connected, shop, ("Vera", "vera@example.org"), email=EVIL)
        shop.change(ticket, attendee_email=EVIL)
        other = await passed_on(connected, ticket, vera)
        assert person(connected, vera) == ("Vera", "vera@example.org")
        (row,) = [each for each in await links(connected) if each["email"] == EVIL]
        me = good(await (await signed_in(connected, row["link"])).get("/v1/me"))
        assert (me["attendee"], me["accounts"]) == (other, [])
        shop.change(ticket, attendee_name="Mallory")
        await passed_on(connected, ticket, other)
        assert person(connected, vera) == ("Vera", "vera@example.org")
        held = connected.parts.directory.accounts.held_accounts(CONFERENCE, vera)
        assert list(held.values()) == ["x:vera"]


@run_to_end
async def test_two_changes_add_up(shop: Shop, address: str, tmp_path: Path) -> None:
    """The address, then the name; and the name in steps that are small each."""
    async with connected_to(address, tmp_path) as connected:
        first, second = await sold(connected, shop, ("Vera", "vera@example.org"), ("Ada Exmple", "ada@example.org"))
        vera, ada = connected.id_of("Vera"), connected.id_of("Ada Exmple")
        shop.scan(first)
        await until(lambda: connected.count("check_ins"))
        shop.change(first, attendee_email="vera@new.example")
        shop.change(second, attendee_name="Ada Example")
        await until(lambda: connected.count("changed") == 2)
        assert person(connected, vera) == ("Vera", "vera@new.example")
        shop.change(first, attendee_name="Mallory")
        mallory = await passed_on(connected, first, vera)
        shop.change(second, attendee_name="Adam Example")
        await passed_on(connected, second, ada)
        await connected.idle()
        assert sorted(connected.people()) == ["Adam Example", "Mallory"]
        assert [each for each in connected.log("checkin.arrived") if each["attendee"] == mallory] == []


@run_to_end
async def test_another_name_at_the_buyers_address_is_another_person(shop: Shop, address: str, tmp_path: Path) -> None:
    async with connected_to(address, tmp_path) as connected:
        ada_ticket, _ = await sold(connected, shop, ("Ada", ""), ("Bob", ""), email="boss@example.org")
        ada, bob = connected.id_of("Ada"), connected.id_of("Bob")
        shop.scan(ada_ticket)
        await until(lambda: connected.count("check_ins"))
        shop.change(ada_ticket, attendee_name="Zoe")
        zoe = await passed_on(connected, ada_ticket, ada)
        await until(lambda: connected.count("removed"))
        assert (connected.id_of("Zoe"), connected.id_of("Bob")) == (zoe, bob)
        assert {each["attendee"] for each in connected.log("checkin.arrived")} == {ada}
        await connected.idle()
        assert sorted(connected.people()) == ["Bob", "Zoe"]


@run_to_end
async def test_names_that_come_later_make_several_people_of_one(shop: Shop, address: str, tmp_path: Path) -> None:
    async with connected_to(address, tmp_path) as connected:
        tickets = await sold(connected, shop, ("", ""), ("", ""), email="boss@example.org")
        (nobody,) = ids_at(connected, "boss@example.org")
        for ticket, name in zip(tickets, ("Ada", "Bob"), strict=True):
            shop.change(ticket, attendee_name=name)
            await passed_on(connected, ticket, nobody)
        await connected.idle()
        assert sorted(connected.people()) == ["Ada", "Bob"]


@run_to_end
async def test_without_names_another_address_is_another_person(shop: Shop, address: str, tmp_path: Path) -> None:
    async with connected_to(address, tmp_path) as connected:
        (ticket,) = await sold(connected, shop, ("", "hans@example.org"))
        (hans,) = ids_at(connected, "hans@example.org")
        shop.change(ticket, attendee_email="ines@example.org")
        ines = await passed_on(connected, ticket, hans)
        assert ids_at(connected, "ines@example.org") == [ines]
        await until(lambda: not ids_at(connected, "hans@example.org"))


@run_to_end
async def test_without_an_address_a_new_holder_is_not_the_earlier_one(shop: Shop, address: str, tmp_path: Path) -> None:
    """Nor checks the ticket that one in any more."""
    async with connected_to(address, tmp_path) as connected:
        (ticket,) = await sold(connected, shop, ("Ada", ""), email=None)
        ada = connected.id_of("Ada")
        shop.change(ticket, attendee_name="Zoe")
        await until(lambda: connected.count("removed"))
        shop.scan(ticket)
        await until(lambda: connected.count("unknown_tickets") + connected.count("refused"))
        await connected.idle()
        assert connected.people() == {}
        assert connected.check_ins() == []
        assert connected.parts.directory.is_erased(CONFERENCE, ada)


@run_to_end
async def test_only_the_ticket_that_brought_somebody_corrects_them(shop: Shop, address: str, tmp_path: Path) -> None:
    """Mallory buys a ticket for Ada, whom her own one has brought; also after hers was cancelled."""
    async with connected_to(address, tmp_path) as connected:
        (own,) = await sold(connected, shop, ("Ada", "ada@example.org"))
        ada = connected.id_of("Ada")
        (evil,) = await sold(connected, shop, ("Ada", "ada@example.org"), email=EVIL)
        (other,) = await sold(connected, shop, ("Ada", "ada@example.org"), email=EVIL)
        shop.change(evil, attendee_email=EVIL)
        await passed_on(connected, evil, ada)
        assert person(connected, ada) == ("Ada", "ada@example.org")
        shop.change(own, status="c")
        await until(lambda: connected.ticket(own) is None)
        shop.change(other, attendee_email="other@evil.example")
        await passed_on(connected, other, ada)
        assert ids_at(connected, "ada@example.org") == []
        assert ada not in {each.attendee for each in connected.parts.directory.people.page(CONFERENCE)}


@run_to_end
async def test_nobody_erased_returns_by_a_correction(shop: Shop, address: str, tmp_path: Path) -> None:
    async with connected_to(address, tmp_path) as connected:
        await erase(connected, (await connected.inside.registered("erika"))["attendee"])
        (ticket,) = await sold(connected, shop, ("Erika", "erika@exmaple.org"))
        before = connected.id_of("Erika")
        shop.change(ticket, attendee_email="erika@example.org")
        back = await passed_on(connected, ticket, before)
        shop.scan(ticket)
        await until(lambda: connected.count("waiting"))
        assert connected.parts.directory.is_waiting(CONFERENCE, back)
        assert connected.check_ins() == []
        assert back not in {each["attendee"] for each in connected.log("attendee.registered")}
        shop.change(ticket, attendee_email=EVIL)  # so that somebody else would confirm for her
        other = await passed_on(connected, ticket, back)
        assert not connected.parts.directory.is_waiting(CONFERENCE, other)
        assert ids_at(connected, EVIL) == [other]


@pytest.mark.parametrize("how", ["form", "file"])
@run_to_end
async def test_whom_the_organizer_registers_later_stays(shop: Shop, address: str, tmp_path: Path, how: str) -> None:
    async with connected_to(address, tmp_path) as connected:
        (ticket,) = await sold(connected, shop, ("Gina", "gina@example.org"))
        gina = connected.id_of("Gina")
        if how == "form":
            assert (await connected.inside.registered("gina", accounts=[]))["attendee"] == gina
        else:
            data = b"name,email\nGina,gina@example.org\n"
            path = f"/v1/conferences/{CONFERENCE}/attendees/csv"
            good(await connected.inside.organizer.post(path, content=data, headers={"content-type": "text/csv"}))
        shop.change(ticket, attendee_email=EVIL)
        await passed_on(connected, ticket, gina)
        assert person(connected, gina) == ("Gina", "gina@example.org")
        (again,) = await sold(connected, shop, ("Gina", "gina@example.org"))
        shop.change(again, status="c")
        shop.change(ticket, status="c")
        await until(lambda: connected.ticket(again) is None)
        await until(lambda: not ids_at(connected, EVIL))
        assert person(connected, gina) == ("Gina", "gina@example.org")


@run_to_end
async def test_who_has_signed_in_is_theirs_alone(shop: Shop, address: str, tmp_path: Path) -> None:
    """A person of the shop's; it neither renames nor moves nor removes them."""
    async with connected_to(address, tmp_path) as connected:
        (ticket,) = await sold(connected, shop, ("Una Example", "una@example.org"))
        una = connected.id_of("Una Example")
        (row,) = await links(connected)
        client = await signed_in(connected, row["link"])
        shop.change(ticket, attendee_name="Una Exampel")
        await connected.idle()
        await connected.idle()
        assert person(connected, una) == ("Una Example", "una@example.org")
        shop.scan(ticket)  # still hers
        await until(lambda: connected.count("check_ins"))
        assert {each["attendee"] for each in connected.log("checkin.arrived")} == {una}
        shop.change(ticket, attendee_email=EVIL)
        await passed_on(connected, ticket, una)
        (again,) = await sold(connected, shop, ("Una Example", "una@example.org"))
        found = connected.ticket(again)
        assert found is not None
        assert found.attendee == una
        shop.change(again, status="c")
        await until(lambda: connected.ticket(again) is None)
        await connected.idle()
        assert good(await client.get("/v1/me"))["attendee"] == una
        assert connected.count("changed") == 0


@run_to_end
async def test_a_stranger_at_somebodys_address_is_a_stranger(shop: Shop, address: str, tmp_path: Path) -> None:
    """Neither renamed nor checked in by whoever knows an address."""
    async with connected_to(address, tmp_path) as connected:
        kara = (await connected.inside.registered("kara"))["attendee"]
        (ticket,) = await sold(connected, shop, ("Slur Name", "kara@example.org"))
        shop.scan(ticket)
        await until(lambda: connected.count("check_ins"))
        (found,) = connected.log("checkin.arrived")
        assert found["attendee"] != kara
        assert person(connected, kara) == ("Kara", "kara@example.org")
        shop.change(ticket, status="c")
        await until(lambda: connected.count("removed"))
        assert ids_at(connected, "kara@example.org") == [kara]
