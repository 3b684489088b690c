"""Why or why not, as an organizer is told: nothing that a person did changes a byte of it."""

import json

import httpx
import pytest

from services.api.organizer.explanation import VISIBLE, Facts, shown
from streams.matching.explanation import steps
from streams.matching.explanation.steps import Step
from tests.api.people import Attendee, Server, attendee, good, opened, post, talked, until

WHY = "why-1"


@pytest.fixture(scope="module")
def organizer(server: Server) -> httpx.Client:
    return opened(server, WHY, chats=[{"hashtag": "hitsm"}], matching={"per_hour": 7, "presence_hours": 5})


def asked(organizer: httpx.Client, a: str, b: str) -> bytes:
    answer = organizer.get(f"/v1/conferences/{WHY}/why", params={"a": a, "b": b})
    good(answer)
    return answer.content


def test_nothing_that_the_two_do_changes_a_byte(server: Server, organizer: httpx.Client) -> None:
    """Presence, consent, posts, a suggestion, a decline, a block, an agreement with a third one: each one tried."""
    ada, bob, cyd = (attendee(server, organizer, f"{name}-why", WHY) for name in ("ada", "bob", "cyd"))
    before = [asked(organizer, ada.id, each.id) for each in (bob, cyd)]

    def same() -> None:
        assert [asked(organizer, ada.id, each.id) for each in (bob, cyd)] == before

    def card_of(who: Attendee) -> str:
        card: str = until(who.cards)[0]["card"]
        return card

    for who in (ada, bob):
        who.say("/v1/me/here", place="hall-a")
        same()
    talked(server, ada, bob)
    until(lambda: ada.cards() and bob.cards())
    same()
    ada.say("/v1/me/answers", card=card_of(ada), answer="later")
    same()
    bob.say("/v1/me/blocks", card=card_of(bob))
    same()
    ada.say("/v1/me/answers", card=card_of(ada), answer="declined")
    same()
    good(cyd.http.patch("/v1/me/consent", json={"matching": False, "chats": False, "share_place": False}))
    same()
    good(ada.http.post("/v1/me/left", json={}))
    same()
    good(server.client("connector").post("/v1/events", json=[post(ada.account, cyd.account)]))
    same()


def test_the_rules_are_reported(server: Server, organizer: httpx.Client) -> None:
    found = json.loads(asked(organizer, "nobody-1", "nobody-2"))["steps"]
    assert [(step["name"], step["ok"]) for step in found] == [
        ("conference", True),
        ("registered", False),
        ("registered", False),
        ("presence_rule", None),
        ("conversation_rule", None),
        ("chats_rule", None),
        ("budget_rule", None),
    ]
    said = " ".join(step["text"] for step in found)
    assert "5 hours" in said
    assert "#hitsm" in said
    assert "more than 7 suggestions" in said


class Unheard(Step, frozen=True, tag="unheard"):
    """A step that nobody has named in the allowlist."""

    blocked_by: str


class Told(steps.Registered, frozen=True, tag="told"):
    """A known step with one more field; a kind of its own, so not the one that is allowed."""

    blocked_by: str = "bob"


class WithMore(steps.Registered, frozen=True, tag="registered"):
    """A field that was added to a known step."""

    blocked_by: str = "bob"


def test_an_unknown_step_is_hidden() -> None:
    known = steps.Conference(opened=True, closed=False)
    assert shown([Unheard("bob"), known, Told("ada", None, erased=True)]) == shown([known])


def test_an_unknown_field_of_a_known_step_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    from services.api.organizer import explanation as why

    allowed, sentence = VISIBLE[steps.Registered], why._SENTENCES[steps.Registered]
    seen: list[Facts] = []

    def noted(facts: Facts) -> str:
        seen.append(facts)
        return sentence(facts)

    monkeypatch.setattr(why, "VISIBLE", {**VISIBLE, WithMore: allowed})
    monkeypatch.setattr(why, "_SENTENCES", {WithMore: noted})
    assert why.shown([WithMore("ada", 0, erased=True)])
    assert seen == [{"attendee": "ada", "ok": False}]


def test_all_that_an_organizer_sees_of_a_step_is_named_one_by_one() -> None:
    """Whoever shows an organizer more has to say so here too, and why it depends on no person's acts."""
    assert {kind.__name__: set(facts) for kind, facts in VISIBLE.items()} == {
        "Conference": {"ok"},
        "Registered": {"ok", "attendee"},
        "PresenceRule": {"presence_hours"},
        "ConversationRule": {"known_each", "known_posts", "known_days"},
        "ChatsRule": {"hashtags", "chat_sessions", "chat_weight"},
        "BudgetRule": {"per_hour", "per_day"},
    }
