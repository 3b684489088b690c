"""CSV import: files of spreadsheets are read, each mistake names its line and column, and no exported cell runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.names import normalize_account as normal
from services.admission.authorization import authorize
from services.admission.registration.attendee_csv import (
    CSV_BYTES,
    MOST_MISTAKES,
    AttendeeRow,
    Mistake,
    read_csv,
    write_csv,
)
from services.admission.registration.enrolment import enroll, verifications
from services.admission.sender import VERIFIER, Authorized, Sender
from services.directory.person_fields import name_form
from services.directory.port import Proof
from services.directory.sqlite import SqliteDirectory
from tests.directory.conftest import Clock

HEAD = "Name,E-Mail,Accounts,Matching,Chats,Share place\n"
ADA = "Ada,ada@example.org,x:Ada mastodon:ada@h.io,yes,YES,no\n"


def read(data: bytes) -> tuple[list[AttendeeRow], list[Mistake]]:
    sheet = read_csv(data)
    return sheet.rows, sheet.mistakes


def mistakes(text: str) -> list[tuple[int, str | None]]:
    return [(mistake.line, mistake.column) for mistake in read_csv(text.encode()).mistakes]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_what_spreadsheets_write_is_read(mark: bytes, end: str, separator: str) -> None:
    text = (HEAD + ADA).replace(",", separator).replace("\n", end)
    (row,), wrong = read(mark + text.encode())
    assert wrong == []
    assert (row.line, row.name, row.email, row.accounts) == (
        2,
        "Ada",
        "ada@example.org",
        ("x:ada", "mastodon:ada@h.io"),
    )
    assert (row.consent.matching, row.consent.chats, row.consent.share_place, row.show_name) == (
        True,
        True,
        False,
        False,
    )


def test_what_is_not_said_is_no() -> None:
    (row,), wrong = read(b"email\nada@example.org\n")
    assert wrong == []
    assert (row.consent.matching, row.consent.chats, row.consent.share_place) == (False, False, False)


@pytest.mark.parametrize(
    ("cell", "said"), [("Yes", True), ("x", True), ("1", True), ("oui", True), ("NO", False), ("", False)]
)
def test_spellings_of_yes_and_no(cell: str, said: bool) -> None:
    assert read_csv(f"email,matching\na@b,{cell}\n".encode()).rows[0].consent.matching is said


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", [(1, None)]),
        ("name\nAda\n", [(1, None)]),
        ("email,mail\na@b,c@d\n", [(1, "mail")]),
        (HEAD + ADA + ADA, [(3, "E-Mail")]),  # the account is the same too; one is said at a time
        (HEAD + ADA + ADA.replace("ada@example.org", "b@c"), [(3, "Accounts")]),
        (HEAD + "\n" + ADA.replace("yes", "perhaps"), [(3, "Matching")]),
        (HEAD + ADA.replace("ada@example.org", "ada"), [(2, "E-Mail")]),
        (HEAD + ADA.replace("ada@example.org", ""), [(2, "E-Mail")]),
        (HEAD + ADA.replace("x:Ada", "@ada"), [(2, "Accounts")]),
        (HEAD + ADA.replace("no\n", "no,more\n"), [(2, None)]),
        (HEAD + '"Ada\nL",a@b,,,,\n' + ADA.replace("YES", "?"), [(4, "Chats")]),
        (HEAD + '"Ada"x,a@b,,,,\n' + ADA, [(2, None)]),
        (HEAD + '"Ada,a@b\n' + ADA, [(2, None)]),
        (HEAD + f"{'x' * 201},a@b,,,,\n", [(2, "Name")]),
        (HEAD + "\0", [(1, None)]),
    ],
)
def test_each_mistake_names_its_line_and_column(text: str, wrong: list[tuple[int, str | None]]) -> None:
    assert mistakes(text) == wrong
    assert all(mistake.text.endswith(".") for mistake in read_csv(text.encode()).mistakes)


def test_good_lines_between_bad_ones_are_taken() -> None:
    text = HEAD + "A,a@b,,,,\nB,b,,,,\nC,c@d,,,,\n"
    rows, wrong = read(text.encode())
    assert [row.name for row in rows] == ["A", "C"]
    assert wrong == [Mistake(3, "E-Mail", "E-Mail 'b' is not an e-mail address, such as ada@example.org.")]


@pytest.mark.parametrize(
    ("encoded", "name"),
    [
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("cp1252", "Windows-1252"),
    ],
)
def test_encodings_of_spreadsheets_are_read(encoded: str, name: str) -> None:
    sheet = read_csv((HEAD + "Zoë Åström,z@b,,,,\n").encode(encoded))
    assert ([row.name for row in sheet.rows], sheet.mistakes, sheet.encoding) == (["Zoë Åström"], [], name)
    assert [note.line for note in sheet.notes] == ([1] if encoded == "cp1252" else [])


def test_an_encoding_may_be_said_and_others_are_told() -> None:
    data = ("名前,メール\n" + "山田 太郎,y@b.c\n").encode("cp932")
    assert [row.name for row in read_csv(data, "shift_jis").rows] == ["山田 太郎"]
    assert "neither UTF-8 nor Windows-1252" in read_csv(b"email,name\na@b,\x81\x8d\n").mistakes[0].text
    assert "is not known" in read_csv(data, "rot13").mistakes[0].text
    assert "10 MB" in read_csv(b"x" * (CSV_BYTES + 1)).mistakes[0].text


def test_mistakes_are_bounded() -> None:
    wrong = read_csv((HEAD + "A,a,,,,\n" * 5_000).encode()).mistakes
    assert len(wrong) == MOST_MISTAKES + 1
    assert "more than" in wrong[-1].text


@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: (HEAD + text).encode("utf-8", "replace")))
def test_any_bytes_give_rows_and_mistakes_and_no_crash(data: bytes) -> None:
    """A line is a row or has a mistake, never both; what is no mistake is in its normal form."""
    rows, wrong = read(data)
    lines = [row.line for row in rows]
    assert lines == sorted(set(lines))
    assert set(lines).isdisjoint(mistake.line for mistake in wrong)
    assert all(mistake.line >= 1 and mistake.text.endswith(".") for mistake in wrong)
    assert all(row.email or row.accounts for row in rows)
    assert all(account == normal(account) for row in rows for account in row.accounts)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "'=1", "＝1", "|x", "%x"])
def test_no_cell_runs(cell: str) -> None:
    line = write_csv(["a"], [[cell]]).decode("utf-8-sig").split("\r\n", 1)[1]
    assert line.startswith("\"'")


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=50))
def test_what_is_written_is_read_again(name: str) -> None:
    rows, wrong = read(write_csv(["name", "email"], [[name, "a@b.c"]]))
    assert (wrong, [row.name for row in rows]) == ([], [name_form(name)])


class TestEnrolling:
    def test_each_row_becomes_a_person_and_an_event(self, directory: SqliteDirectory, clock: Clock) -> None:
        rows, _ = read((HEAD + ADA).encode())
        (first,) = enroll("hims", rows, directory, clock.now)
        (again,) = enroll("hims", rows, directory, clock.now)
        assert first.attendee == again.attendee == first.event.attendee
        assert (first.is_new, again.is_new) == (True, False)
        assert first.event.id != again.event.id
        sender = Sender(role="organizer", id="o1", conferences=frozenset({"hims"}))
        assert isinstance(authorize(sender, first.event, clock.now), Authorized)
        assert directory.display("hims", [first.attendee])[first.attendee].name is None

    def test_what_the_code_proved_is_said_by_the_verifier_only(self, clock: Clock) -> None:
        proof = Proof("h-1", "hims", "a1", "x:ada", ("x:ada", "x:1815"), clock.now)
        events = verifications(proof)
        assert [(event.id, event.account) for event in events] == [("h-1-0", "x:ada"), ("h-1-1", "x:1815")]
        assert all(isinstance(authorize(VERIFIER, event, clock.now), Authorized) for event in events)


@pytest.mark.parametrize(
    ("heading", "status", "coming"),
    [
        ("Order Status", "Refunded", False),
        ("Status", "storniert", False),
        ("Status", "annulé", False),
        ("Status", "Canceled (refunded)", False),
        ("Status", "waitlist", False),
        ("approval_status", "pending_approval", False),
        ("Estado", "Cancelado", False),
        ("Void status", "Yes", False),
        ("Void status", "No", True),
        ("Status", "Attending", True),
        ("Order Status", "Paid", True),
        ("Status", "", True),
        ("Order Status", "Partially refunded", None),
        ("Status", "zzz", None),
    ],
)
def test_whose_ticket_is_cancelled_is_not_registered(heading: str, status: str, coming: bool | None) -> None:
    sheet = read_csv(f"Name,Email,{heading}\nGil,gil@example.org,{status}\n".encode())
    assert [row.name for row in sheet.rows] == ([] if coming is False else ["Gil"])
    assert bool(sheet.mistakes) is (coming is False)
    assert [note.column for note in sheet.notes] == ([heading] if coming is None else [])


def test_each_status_of_a_line_counts() -> None:
    sheet = read_csv(b"Name,Email,Order Status,Attendee Status\nGil,g@example.org,Deleted,Attending\n")
    assert (sheet.rows, "'Deleted'" in sheet.mistakes[0].text) == ([], True)


def test_a_link_goes_to_who_comes_and_not_to_who_bought_the_ticket() -> None:
    heading = "Bestellnummer;E-Mail;Teilnehmername: Vorname;Teilnehmername: Familienname;Teilnehmer-E-Mail"
    sheet = read_csv(f"{heading}\nA1;kauf@example.org;Käthe;Groß;kg@example.org\n".encode())
    assert [(row.name, row.email) for row in sheet.rows] == [("Käthe Groß", "kg@example.org")]


def test_where_it_is_not_sure_whose_address_it_is_nobody_is_registered() -> None:
    sheet = read_csv(b"Email,Name,Who comes\nbuyer@example.org,Gil,gil@example.org\n")
    assert (sheet.rows, sheet.mistakes[0].column) == ([], "Who comes")
    assert "Attendee email" in sheet.mistakes[0].text
    same = read_csv(b"Email,Name,Once more\ngil@example.org,Gil,Gil@example.org\n")
    assert [row.email for row in same.rows] == ["gil@example.org"]


def test_a_line_with_an_address_is_no_heading() -> None:
    lines = "Event;HIMSS\nE-mail;office@example.org\n\nname;email;matching\nAda;ada@example.org;ja\n"
    (row,) = read_csv(lines.encode()).rows
    assert (row.name, row.email, row.consent.matching) == ("Ada", "ada@example.org", True)


def test_a_file_without_names_is_reported() -> None:
    sheet = read_csv(b"Email,Seat\nada@example.org,4\n")
    assert (sheet.rows[0].name, "gets a name" in sheet.notes[0].text) == ("", True)
    both = read_csv("姓,名,メールアドレス\n山田,太郎,taro@example.org\n".encode())
    assert (both.rows[0].name, both.notes) == ("山田 太郎", [])


@pytest.mark.parametrize(
    ("cell", "said"), [("sì", True), ("真", True), ("1.0", True), ("YANLIŞ", False), ("HAYIR", False)]
)
def test_more_words_for_yes_and_no(cell: str, said: bool) -> None:
    (row,) = read_csv(f"name,email,matching\nAda,ada@example.org,{cell}\n".encode()).rows
    assert row.consent.matching is said
