"""Files of attendees as ticket tools write them: what is understood, what is said, what a corrected one changes."""

import csv
import io
import json
from typing import Any

import httpx
import pytest

from tests.api.people import ALL, Server, good, opened, secret_of

TOOLS = {
    "eventbrite": (
        "Order #,Order Date,First Name,Last Name,Email,Quantity,Ticket Type,Attendee #,Attendee Status,X handle\n"
        "1001,2027-01-05,Ada,Byron,{mail},1,General,1,Attending,@ada_{id}\n"
    ),
    "luma": (
        "api_id,first_name,last_name,email,phone_number,approval_status,What is your Bluesky handle?,May we meet you?\n"
        "gst-1,Ada,Byron,{mail},,approved,ada{id}.example.org,Yes\n"
    ),
    "pretix": (
        "Order code;E-mail;Attendee name;Attendee email;Product;Mastodon\n"
        "AB1;buyer@example.org;Ada Byron;{mail};Ticket;https://social.example/@ada{id}\n"
    ),
    "tito": (
        "Number,Ticket,Ticket Full Name,Ticket First Name,Ticket Last Name,Ticket Email,Void Status,Order Name,"
        "Order Email\n"
        "1,Full,Ada Byron,Ada,Byron,{mail},,Bob Iyer,bob@example.org\n"
    ),
    "hi.events": (
        "ID,First Name,Last Name,Email,Status,Is Checked In,Product ID,Public ID\n1,Ada,Byron,{mail},ACTIVE,No,3,A-1\n"
    ),
    "indico": "ID,Name,Email Address,Affiliation\n17,Ada Byron,{mail},Analytical Ltd\n",
    "excel de": "\ufeffsep=;\r\nVorname;Nachname;E-Mail-Adresse;Matching\r\nAda;Byron;{mail};WAHR\r\n",
    "survey fr": (
        "Événement:;HIMSS\r\nExporté:;2027\r\n\r\nPrénom;Nom;Adresse e-mail;Chats\r\nAda;Byron;{mail};VRAI\r\n"
    ),
    "sheet es": "Nombre\tApellidos\tCorreo electrónico\tMatching\nAda\tByron\t{mail}\tVERDADERO\n",
    "sheet nl": "Voornaam,Achternaam,E-mailadres,Matching\nAda,Byron,{mail},WAAR\n",
    "sheet pt": "Nome;Sobrenome;Endereço de e-mail;Matching\nAda;Byron;{mail};VERDADEIRO\n",
    "quoted": 'Name,E-mail,Notes\n"Ada\nByron","Ada Byron <{mail}>","two\nlines, and a comma"\n',
}


@pytest.fixture(scope="module")
def organizer(server: Server) -> httpx.Client:
    return opened(server, "files")


def upload(organizer: httpx.Client, text: str | bytes, **params: Any) -> dict[str, Any]:
    data = text.encode() if isinstance(text, str) else text
    path = "/v1/conferences/files/attendees/csv"
    answer: dict[str, Any] = good(
        organizer.post(path, content=data, params=params, headers={"content-type": "text/csv"})
    )
    return answer


def people(organizer: httpx.Client) -> dict[str, list[dict[str, str]]]:
    """Who is registered, by address, as the file of links says."""
    text = organizer.post("/v1/conferences/files/attendees/links").content.decode("utf-8-sig")
    found: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        found.setdefault(row["email"], []).append(row)
    return found


def me(server: Server, link: str) -> dict[str, Any]:
    http = server.client()
    good(http.post("/v1/session", json={"link": secret_of(link)}))
    found: dict[str, Any] = good(http.get("/v1/me"))
    return found


@pytest.mark.parametrize("tool", TOOLS)
def test_files_of_tools_give_names_and_addresses(organizer: httpx.Client, tool: str) -> None:
    mark = tool.replace(" ", "")
    mail = f"{mark}@example.org"
    done = upload(organizer, TOOLS[tool].format(mail=mail, id=mark.replace(".", "")))
    assert (done["registered"], done["new"], done["mistakes"]) == (1, 1, []), done
    (line,) = done["lines"]
    assert (line["name"], line["email"]) == ("Ada Byron", mail)
    if tool in ("eventbrite", "luma", "pretix"):
        assert line["accounts"] == [
            {
                "eventbrite": "x:ada_eventbrite",
                "luma": "bsky:adaluma.example.org",
                "pretix": "mastodon:adapretix@social.example",
            }[tool]
        ]


def test_every_column_that_was_not_understood_is_named(organizer: httpx.Client) -> None:
    done = upload(organizer, TOOLS["luma"].format(mail="columns@example.org", id="columns"), dry_run=True)
    assert done["not_understood"] == ["api_id", "phone_number", "May we meet you?"]
    taken = {column["title"]: column["taken_for"] for column in done["columns"]}
    assert taken["first_name"] == "first name"
    assert taken["What is your Bluesky handle?"] == "accounts"


def test_a_dry_run_says_what_each_line_would_do_and_takes_nothing(server: Server, organizer: httpx.Client) -> None:
    text = "name,email\nDry Run,dry@example.org\nWet,wet\n"
    said = upload(organizer, text, dry_run=True)
    assert (said["dry_run"], said["registered"], said["new"]) == (True, 1, 1)
    assert [(line["line"], line["what"], line["attendee"]) for line in said["lines"]] == [(2, "new", None)]
    assert [mistake["line"] for mistake in said["mistakes"]] == [3]
    assert "dry@example.org" not in people(organizer)
    upload(organizer, text)
    (before,) = people(organizer)["dry@example.org"]
    said = upload(organizer, "name,email\nDry Martini,dry@example.org\n", dry_run=True)
    assert [(line["what"], line["attendee"]) for line in said["lines"]] == [("changed", before["attendee"])]
    assert people(organizer)["dry@example.org"][0]["name"] == "Dry Run"


def test_a_corrected_file_corrects_names_and_claims_and_no_consent(server: Server, organizer: httpx.Client) -> None:
    head = "name,email,accounts,matching,chats,share_place,show_name\n"
    upload(organizer, head + "Jon Smyth,jon@example.org,x:jon_s,no,no,no,no\n")
    done = upload(organizer, head + "Joan Smith,jon@example.org,x:joan_s,yes,yes,yes,yes\n")
    (line,) = done["lines"]
    assert (done["changed"], line["what"]) == (1, "changed")
    assert line["changes"] == [
        "The name 'Jon Smyth' becomes 'Joan Smith'.",
        "New accounts: x:joan_s.",
        "Accounts that are no longer claimed: x:jon_s.",
    ]
    assert any("keep their consent" in note["text"] for note in done["notes"])
    (row,) = people(organizer)["jon@example.org"]
    shown = me(server, row["link"])
    assert shown["name"] == "Joan Smith"
    assert shown["consent"] == {"matching": False, "chats": False, "share_place": False, "show_name": False}
    assert [each["account"] for each in shown["accounts"]] == ["x:joan_s"]
    again = upload(organizer, head + "Joan Smith,jon@example.org,x:joan_s,no,no,no,no\n")
    assert [line["what"] for line in again["lines"]] == ["unchanged"]


def test_one_by_one_is_corrected_too(server: Server, organizer: httpx.Client) -> None:
    body = {"name": "Jo", "email": "one@example.org", "accounts": ["x:one_a"], "consent": ALL}
    path = "/v1/conferences/files/attendees"
    assert good(organizer.post(path, json=body))["changes"] == []
    made = good(organizer.post(path, json=body | {"name": "山田\u3000花子", "accounts": ["x:one_b"]}))
    assert made["changes"][0] == "The name 'Jo' becomes '山田 花子'."
    shown = me(server, made["link"])
    assert (shown["name"], [each["account"] for each in shown["accounts"]]) == ("山田 花子", ["x:one_b"])


def test_a_withdrawn_consent_is_shown_to_no_organizer(server: Server, organizer: httpx.Client) -> None:
    text = "name,email,matching\n{}\n"
    answers = []
    for who, withdraws in (("kim", False), ("leo", True)):
        line = f"Who,{who}@example.org,yes"
        upload(organizer, text.format(line))
        (row,) = people(organizer)[f"{who}@example.org"]
        if withdraws:
            http = server.client()
            good(http.post("/v1/session", json={"link": secret_of(row["link"])}))
            good(http.patch("/v1/me/consent", json={"matching": False}))
        said = json.dumps(upload(organizer, text.format(line)))
        answers.append(said.replace(row["attendee"], "").replace(who, ""))
    assert answers[0] == answers[1]


def test_a_groups_order_is_as_many_people(server: Server, organizer: httpx.Client) -> None:
    text = "name,email,accounts\nAda,group@example.org,x:g_ada\nBob,group@example.org,x:g_bob\nCyd,group@example.org,\n"
    done = upload(organizer, text)
    assert (done["registered"], done["mistakes"]) == (3, [])
    assert [note["line"] for note in done["notes"]] == [3, 4]
    assert "that one mailbox" in done["notes"][0]["text"]
    rows = people(organizer)["group@example.org"]
    assert {row["name"] for row in rows} == {"Ada", "Bob", "Cyd"}
    assert len({row["attendee"] for row in rows}) == len({row["link"] for row in rows}) == 3
    names = {me(server, row["link"])["name"] for row in rows}
    assert names == {"Ada", "Bob", "Cyd"}
    again = upload(organizer, text.replace("Cyd", "Cid"))
    assert [line["what"] for line in again["lines"]] == ["unchanged", "unchanged", "changed"]
    assert {row["name"] for row in people(organizer)["group@example.org"]} == {"Ada", "Bob", "Cid"}
    alone = upload(organizer, "name,email\nDee,group@example.org\n")
    assert (alone["registered"], [mistake["line"] for mistake in alone["mistakes"]]) == (0, [2])


def test_names_of_the_world_are_taken(organizer: httpx.Client) -> None:
    names = ["山田\u3000太郎", "علی\u200cرضا", "ශ්\u200dරී", "Marie\u00a0Curie", "\u200fדוד", "Zoë Åström"]
    lines = "".join(f"{name},world{number}@example.org\n" for number, name in enumerate(names))
    done = upload(organizer, f"name,email\n{lines}")
    assert (done["registered"], done["mistakes"]) == (6, [])
    assert done["lines"][0]["name"] == "山田 太郎"


def test_errors_of_spreadsheets_are_no_names_and_no_addresses(organizer: httpx.Client) -> None:
    done = upload(organizer, "name,email,matching\n#N/A,err1@example.org,#WERT!\nBob,#REF!,yes\n")
    assert (done["registered"], [mistake["line"] for mistake in done["mistakes"]]) == (1, [3])
    assert [(note["line"], note["column"]) for note in done["notes"]] == [(2, "name"), (2, "matching")]
    assert people(organizer)["err1@example.org"][0]["name"] == ""


def test_who_does_not_come_is_not_registered(organizer: httpx.Client) -> None:
    done = upload(organizer, "name,email,approval_status\nA,gone@example.org,declined\nB,comes@example.org,approved\n")
    assert ([line["name"] for line in done["lines"]], [mistake["line"] for mistake in done["mistakes"]]) == (["B"], [2])


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\u200b=1", "Ada\n=1", "＝1"])
def test_the_file_of_links_runs_nothing(organizer: httpx.Client, name: str) -> None:
    body = {"name": name, "email": f"formula{ord(name[-2])}@example.org", "accounts": [], "consent": ALL}
    good(organizer.post("/v1/conferences/files/attendees", json=body))
    text = organizer.post("/v1/conferences/files/attendees/links").content.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell.strip()[:1] in ("=", "+", "-", "@", "＝")]
