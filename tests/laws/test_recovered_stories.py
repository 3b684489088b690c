"""A recovery in the middle of a story: outputs that are due later are still emitted, and once."""

from collections.abc import Sequence

import msgspec
import pytest

from schemas.codec import Codec, Record
from schemas.outputs import AnyOutput, MatchSuggested
from streams.matching import Matcher
from tests.laws.logs import applied
from tests.scenarios.runners import EngineSession
from tests.scenarios.story import CONFERENCE, Story, friends, met_at_ten
from tests.scenarios.test_answers import agreed_at_eleven


def records_of(story: Story) -> list[Record]:
    session, codec, records = EngineSession(), Codec(), []
    for event in story.events:
        session.apply(event)
        record = codec.decode(msgspec.json.encode(session.events[-1]))
        assert isinstance(record, Record)
        records.append(record)
    return records


def recovered(
    records: Sequence[Record], told: Sequence[list[AnyOutput]], policy: dict[str, object] | None = None
) -> Matcher:
    matcher = Matcher(CONFERENCE, policy)
    for record, outputs in zip(records, told, strict=True):
        matcher.recover(record.event, record.at, record.recorded, outputs)
    matcher.resume()
    return matcher


def both_later() -> Story:
    story = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "later").at("10:40")
    return story.answer("bob", "ada", "later").delete("x:bob", "x:2").delete("x:bob", "x:4")


def said_later() -> Story:
    return met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "later").at("10:40").tick()


def stories() -> dict[str, Story]:
    """Stories after whose every record a recovery may come."""
    again = met_at_ten("ada", "bob").at("11:00").leave("bob").arrive("bob").at("15:30").tick()
    hub = Story().open(per_hour=1).people("ada", "bob", "cyd").talk("x:ada", "x:bob").talk("x:ada", "x:cyd")
    fewer = met_at_ten("ada", "bob").at("12:00").open(presence_hours=2).at("12:01").tick().at("13:00").tick()
    here = agreed_at_eleven().at("11:05").answer("ada", "bob", "here", place="hall-a").at("11:06")
    here.answer("ada", "bob", "here", place="hall-b").answer("bob", "ada", "declined")
    blocked = met_at_ten("ada", "bob").at("10:30").answer("ada", "bob", "accepted").block("ada", "x:bob")
    blocked.unblock("ada", "x:bob").answer("bob", "ada", "accepted").at("12:00")
    return {
        "a lapse": met_at_ten("ada", "bob").at("21:00").tick().at("23:00").tick(),
        "a later": said_later().at("12:00").tick().at("14:00").tick(),
        "a later of the very moment": said_later().at("11:30").tick().at("14:00").tick(),
        "a later whose hour has passed": met_at_ten("ada", "bob").at("12:00").answer("ada", "bob", "later", at="10:30"),
        "a later of both": both_later().at("11:35").tick().at("12:00").tick(),
        "a later beside a decline": said_later().answer("bob", "ada", "declined").at("12:00").leave("bob").tick(),
        "a block by account": blocked.leave("bob").at("16:00").arrive("bob").tick(),
        "the newest proof": met_at_ten("ada", "bob").at("11:00").verify("eve", "x:bob").at("12:00").tick(),
        "an agreement and once more": agreed_at_eleven().leave("ada").arrive("ada").at("16:00").tick(),
        "once more": again.at("20:00").leave("ada").tick(),
        "room": hub.at("10:00").all_arrive("bob", "cyd", "ada").at("10:30").tick().at("12:00").tick(),
        "hours that end at the opening": fewer.arrive("ada").at("15:30").tick(),
        "places": here.at("12:00").leave("ada").tick(),
        "an erasure": friends("ada", "bob", "cyd").at("10:00").all_arrive("ada", "bob", "cyd").erase("bob").tick(),
    }


@pytest.mark.parametrize("name", stories())
def test_a_recovery_after_any_record_goes_on_as_if_nothing_had_happened(name: str) -> None:
    records = records_of(stories()[name])
    told = applied(Matcher(CONFERENCE), records)
    assert any(told)
    for split in range(len(records) + 1):
        matcher = recovered(records[:split], told[:split])
        assert applied(matcher, records[split:]) == told[split:], f"{name} {split=}"


# Under another policy


def nearly_known() -> tuple[list[Record], list[list[AnyOutput]]]:
    """Ada and Bob are here, and their posts are of too few days."""
    story = friends("ada", "bob", known_posts=4, known_days=4).at("10:00").all_arrive("ada", "bob")
    records = records_of(story)
    return records, applied(Matcher(CONFERENCE), records)


LOOSER = {"known_days": 2}


def test_an_overdue_suggestion_is_emitted_with_the_next_record() -> None:
    records, told = nearly_known()
    assert not any(told)
    matcher = recovered(records, told, LOOSER)
    [[output]] = applied(matcher, records_of(Story().at("10:05").tick(id="tick")))
    assert isinstance(output, MatchSuggested)
    assert (output.attendees, output.caused_by, output.at[11:16]) == (("ada", "bob"), "tick", "10:05")


@pytest.mark.parametrize("erased", ["ada", "bob"])
def test_an_overdue_suggestion_is_not_emitted_for_an_erased_person(erased: str) -> None:
    records, told = nearly_known()
    matcher = recovered(records, told, LOOSER)
    assert applied(matcher, records_of(Story().at("10:05").erase(erased, id="erased"))) == [[]]


def test_a_person_over_budget_is_reconsidered_later_also_after_a_recovery() -> None:
    story = friends("ada", "bob", "cyd", per_hour=1).at("10:00").all_arrive("ada", "bob", "cyd")
    records = records_of(story)
    told = applied(Matcher(CONFERENCE), records)
    matcher = recovered(records, told)
    [[output]] = applied(matcher, records_of(Story().at("11:00").tick(id="tick")))
    assert isinstance(output, MatchSuggested)
    assert (output.attendees, output.caused_by) == (("ada", "cyd"), "bob-in")
