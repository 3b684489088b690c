"""Somebody was erased and is registered again: said to a server of either runner.

Owns: the story and what must hold. May never: know which runner it is.
"""

from typing import Any

import httpx

from tests.api.people import CONFERENCE, Attendee, Server, attendee, good, secret_of, talked, until

AGAIN = f"/v1/conferences/{CONFERENCE}/attendees"
HEADING = "name,email,accounts,matching,chats,share_place,show_name\n"


def line(name: str, mail: str = "", accounts: str = "") -> str:
    return f"{name.title()},{mail or name}@example.org,{accounts or f'x:{name}'},yes,yes,yes,yes\n"


def imported(organizer: httpx.Client, *lines: str, dry_run: bool = False) -> dict[str, Any]:
    data = (HEADING + "".join(lines)).encode()
    found: dict[str, Any] = good(organizer.post(f"{AGAIN}/csv", content=data, params={"dry_run": dry_run}))
    return found


def signed_in(server: Server, link: str, id_: str, account: str) -> Attendee:
    http = server.client()
    assert good(http.post("/v1/session", json={"link": secret_of(link)}))["attendee"] == id_
    return Attendee(http, id_, account)


def erased(who: Attendee) -> None:
    assert who.http.request("DELETE", "/v1/me", json={"confirm": "erase me"}).status_code == 202


def again(server: Server, organizer: httpx.Client, name: str, **changes: Any) -> Attendee:
    """Registered anew as before, with a link; nothing is proved yet."""
    consent = {"matching": True, "chats": True, "share_place": True}
    body = {"name": name.title(), "email": f"{name}@example.org", "accounts": [f"x:{name}"], "consent": consent}
    made = good(organizer.post(AGAIN, json=body | {"show_name": True} | changes))
    return signed_in(server, made["link"], made["attendee"], f"x:{name}")


def proves(server: Server, who: Attendee) -> None:
    server.shows(who.account, who.say("/v1/me/accounts", account=who.account)["text"])
    assert who.say("/v1/me/accounts/check", account=who.account) == {"state": "verified"}


def takes_part(who: Attendee) -> None:
    good(who.http.patch("/v1/me/consent", json={"matching": True}))


def cards_of(one: Attendee, other: Attendee) -> list[str]:
    return sorted({each["card"] for each in one.cards()} & {each["card"] for each in other.cards()})


def what_others_decided_holds(server: Server, organizer: httpx.Client, *, same_mail: bool) -> None:
    """``ada`` was blocked by ``bob`` and declined by ``dan``; ``cyd`` said nothing. Then she is erased and returns."""
    ada, bob, cyd, dan = (attendee(server, organizer, name) for name in ("ada", "bob", "cyd", "dan"))
    for other in (bob, cyd, dan):
        talked(server, ada, other)
    for who in (ada, bob, cyd, dan):
        who.say("/v1/me/here", place="hall-a")
    until(lambda: len(ada.cards()) == 3)
    bob.say("/v1/me/blocks", card=bob.cards()[0]["card"])
    dan.say("/v1/me/answers", card=dan.cards()[0]["card"], answer="declined")
    erased(ada)
    until(lambda: not cyd.cards())
    before = [good(who.http.get("/v1/me/data"))["events"] for who in (bob, dan)]
    changes = {} if same_mail else {"email": "ada@elsewhere.example", "accounts": []}
    back = again(server, organizer, "ada", **changes)
    takes_part(back)
    proves(server, back)
    for other in (bob, cyd, dan):
        talked(server, back, other)
    back.say("/v1/me/here", place="hall-a")
    until(lambda: cards_of(back, cyd))
    assert [cards_of(back, other) for other in (bob, dan)] == [[], []]
    assert len(back.cards()) == 1
    # Neither side can see it: not in a list, not in what they may download.
    for who, events in zip((bob, dan), before, strict=True):
        assert good(who.http.get("/v1/me/blocks")) == []
        kinds = ["attendee.blocked", "attendee.unblocked"]
        seen = [each for each in good(who.http.get("/v1/me/data"))["events"] if each["type"] in kinds]
        assert seen == [each for each in events if each["type"] in kinds]
    # Whoever is neither blocked nor declined by bob meets him as before.
    new = attendee(server, organizer, "eve")
    talked(server, new, bob)
    new.say("/v1/me/here", place="hall-a")
    until(lambda: cards_of(new, bob))
