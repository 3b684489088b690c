"""People: shown as they allowed, never twice."""

import re

import pytest
from msgspec.structs import replace

from services.directory.port import Directory, Person, Shown, day
from tests.directory.conftest import Clock


def ada(**more: object) -> Person:
    return Person(conference="hims", attendee="", name="Ada L", email="Ada@Example.org ", **more)  # type: ignore[arg-type]


def added(directory: Directory, person: Person) -> Person:
    got = directory.people.add(person)
    assert got is not None
    return got


class People:
    """What is kept of people, and what of it is shown."""

    def test_ids_are_random_and_say_nothing(self, directory: Directory) -> None:
        first = added(directory, ada())
        other = added(directory, replace(ada(), email="b@example.org"))
        assert first.attendee != other.attendee
        assert re.fullmatch(r"a[0-9a-f]{24}", first.attendee)

    def test_the_same_address_is_the_same_person_in_a_conference(self, directory: Directory) -> None:
        first = added(directory, ada())
        assert added(directory, replace(ada(), name="Other", email="ADA@example.org")) == first
        assert added(directory, replace(ada(), conference="other")).attendee != first.attendee

    @pytest.mark.parametrize(("name", "picture"), [(False, False), (True, False), (False, True), (True, True)])
    def test_only_what_is_allowed_is_shown(self, directory: Directory, name: bool, picture: bool) -> None:
        person = added(directory, ada(picture="https://p/a.png", show_name=name, show_picture=picture))
        shown = directory.display("hims", [person.attendee, "nobody"])
        assert shown[person.attendee] == Shown(
            person.attendee, "Ada L" if name else None, "https://p/a.png" if picture else None
        )
        assert shown["nobody"] == Shown("nobody", None, None)
        assert directory.display("other", [person.attendee])[person.attendee].name is None

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("山田\u3000太郎", "山田 太郎"),
            ("Marie\u00a0Curie", "Marie Curie"),
            ("علی\u200cرضا", "علی\u200cرضا"),
            ("ශ්\u200dරී", "ශ්\u200dරී"),
            ("\u200fדוד\u200f", "דוד"),
            ("\u202eevE", "evE"),
            ("Zoe\u0308  A\u030astro\u0308m ", "Zoë Åström"),
            ("Ada\r\nL\t.", "Ada L ."),
            ("辻\U000e0100", "辻\U000e0100"),
            ("O’Brien-Ñandú Jr.", "O’Brien-Ñandú Jr."),
            ("\u3164", ""),
        ],
    )
    def test_names_of_the_world_are_kept(self, directory: Directory, given: str, kept: str) -> None:
        assert added(directory, replace(ada(), name=given)).name == kept

    def test_several_people_may_have_one_address(self, directory: Directory) -> None:
        first = added(directory, ada())
        second = added(directory, replace(ada(), attendee="a2", name="Bob"))
        assert second.attendee == "a2"
        assert {person.name for person in directory.people.all_by_email("hims", "ada@example.org")} == {"Ada L", "Bob"}
        assert directory.people.change(replace(second, show_name=True))
        assert directory.people.get("hims", first.attendee) == first

    def test_changing(self, directory: Directory) -> None:
        first = added(directory, ada())
        added(directory, replace(ada(), email="b@example.org"))
        assert directory.people.change(replace(first, name="Ada King", show_name=True))
        assert directory.display("hims", [first.attendee])[first.attendee].name == "Ada King"
        assert not directory.people.change(replace(first, email="b@example.org"))
        assert not directory.people.change(replace(first, attendee="nobody", email="c@example.org"))

    @pytest.mark.parametrize(
        "wrong",
        [
            *({"email": text} for text in ("ada", "a b@c", "@c", "a@b@c", "a@" + "c" * 300)),
            {"name": "x" * 201},
            *({"picture": text} for text in ("http://p", "javascript:alert(1)", "https://p/\n")),
        ],
    )
    def test_what_is_not_well_formed_is_reported(self, directory: Directory, wrong: dict[str, str]) -> None:
        with pytest.raises(ValueError, match=next(iter(wrong))):
            directory.people.add(replace(ada(), **wrong))

    def test_paging(self, directory: Directory) -> None:
        everybody = {added(directory, replace(ada(), email=f"{n}@e.org")).attendee for n in range(25)}
        pages: list[Person] = []
        while page := directory.people.page("hims", pages[-1].attendee if pages else "", 10):
            pages += page
        assert [person.attendee for person in pages] == sorted(everybody)

    def test_the_day_on_which_somebody_came_is_known(self, directory: Directory, clock: Clock) -> None:
        first = added(directory, ada())
        assert directory.people.since("hims", first.attendee) == day(clock.now)
        assert directory.people.since("hims", "nobody") == 0
        assert directory.people.preferences("hims", first.attendee) is None

    def test_who_is_not_wanted_after_all_was_never_there(self, directory: Directory) -> None:
        rows = directory.enroll([(ada(), ["x:ada"]), (replace(ada(), email="b@example.org"), [])])
        assert [(is_new, waits) for _, is_new, waits in rows] == [(True, False)] * 2
        ((same, is_new, _),) = directory.enroll([(ada(), [])])
        assert (same, is_new) == (rows[0][0], False)
        directory.undo_enrolment("hims", [same.attendee])
        assert directory.people.get("hims", same.attendee) is None
        assert directory.attendees("hims") == [rows[1][0].attendee]
        assert not directory.is_erased("hims", same.attendee)
