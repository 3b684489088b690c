"""The log: doubles, sources, now, positions, opening again, closing."""

from typing import Any

import pytest

from tests.scenarios.expected import agreed, check, suggested, withdrawn
from tests.scenarios.runners import Runner
from tests.scenarios.story import ONE_EACH, Story, friends, met_at_ten, when

FIRST = suggested("ada", "bob", at="10:00", by="bob-in", position="10-0")


# Doubles


def test_a_duplicate_changes_nothing_and_is_not_counted(runner: Runner) -> None:
    story = friends("ada", "bob").again("x:3").again("x:3").at("10:00").arrive("ada", id="ada-in").again("ada-in")
    check(runner(story.all_arrive("bob").events), FIRST)


def test_the_id_makes_the_duplicate_whatever_else_it_says(runner: Runner) -> None:
    story = friends("ada", "bob").at("10:00").arrive("ada", id="ada-in").all_arrive("bob")
    story.at("10:30").leave("ada", id="ada-in").leave("bob", id="x:1").leave("ada", id="e1")
    check(runner(story.events), FIRST)


def test_a_duplicate_passes_no_time(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("23:00").again("ada-in")
    check(runner(story.events), FIRST)
    lapse = withdrawn("ada", "bob", "expired", at="22:00", position="11-0")
    check(runner(story.at("23:30").tick().events), FIRST, lapse)


def test_other_ids_are_recognised_for_7_days(runner: Runner) -> None:
    story = friends("ada", "bob").at("1d 08:00").arrive("ada").leave("ada", id="left").at("8d 07:59:59.999")
    story.arrive("ada", id="left").all_arrive("bob")
    check(runner(story.events))
    story = friends("ada", "bob").at("1d 08:00").arrive("ada").leave("ada", id="left").at("8d 08:00")
    story.arrive("ada", id="left").all_arrive("bob")
    check(runner(story.events), suggested("ada", "bob", at="8d 08:00", by="bob-in"))


def test_a_post_is_recognised_as_long_as_it_counts(runner: Runner) -> None:
    # The second copy, 8 days after it, is a double: else it would be the later one that counts for the second day.
    story = Story().open(known_each=1, known_posts=2).people("ada", "bob").post("x:ada", "x:bob").post("x:bob", "x:ada")
    story.at("8d 10:00").again("x:2", at=when("8d 10:00"))
    check(runner(story.at("8d 11:00").all_arrive("ada", "bob").events))


def test_a_late_post_is_recognised_for_7_days_after_it_was_recorded(runner: Runner) -> None:
    story = Story().open(**ONE_EACH).people("ada", "bob").post("x:ada", "x:bob", at="-500d 08:00")
    story.at("6d 23:59").again("x:1", at=when("6d 12:00")).post("x:bob", "x:ada").all_arrive("ada", "bob")
    check(runner(story.events))
    story = Story().open(**ONE_EACH).people("ada", "bob").post("x:ada", "x:bob", at="-500d 08:00")
    story.at("7d 08:00").again("x:1", at=when("6d 12:00")).post("x:bob", "x:ada").all_arrive("ada", "bob")
    check(runner(story.events), suggested("ada", "bob", at="7d 08:00", position="9-0"))


def test_a_duplicate_of_a_deleted_post_stays_deleted(runner: Runner) -> None:
    story = friends("ada", "bob").delete("x:bob", "x:2").again("x:2").at("10:00").all_arrive("ada", "bob")
    check(runner(story.events))


# Sources


def strangers(**opening: Any) -> Story:
    """Ada and Bob, with three posts: a second one of Ada is missing."""
    return Story().open(**opening).people("ada", "bob").talk("x:bob", "x:ada", posts=3)


@pytest.mark.parametrize(
    ("source", "counts"),
    [
        ("connector:bluesky", True),
        ("organizer:himss", True),
        ("organizer:other", False),
        ("attendee:ada", True),
        ("attendee:bob", False),
        ("attendee:nobody", False),
    ],
)
def test_what_counts_by_its_source(runner: Runner, source: str, counts: bool) -> None:
    story = strangers(organizer="himss").post("x:ada", "x:bob", source=source).at("10:00").all_arrive("ada", "bob")
    check(runner(story.events), *[suggested("ada", "bob", position="10-0")] * counts)


def test_an_organizers_post_counts_in_no_conference_without_organizer(runner: Runner) -> None:
    story = strangers().post("x:ada", "x:bob", source="organizer:himss").at("10:00").all_arrive("ada", "bob")
    check(runner(story.events))


@pytest.mark.parametrize("source", ["organizer:other", "attendee:bob"])
def test_a_post_that_does_not_count_leaves_no_trace(runner: Runner, source: str) -> None:
    story = strangers(organizer="himss").post("x:ada", "x:bob", source=source, id="x:4")
    story.post("x:ada", "x:bob", source="connector:x", id="x:4").at("10:00").all_arrive("ada", "bob")
    check(runner(story.events), FIRST)


def test_an_attendees_upload_needs_the_account_at_that_record(runner: Runner) -> None:
    story = Story().open(**ONE_EACH).register("ada").people("bob").post("x:bob", "x:ada")
    story.post("x:ada", "x:bob", source="attendee:ada").verify("ada", "x:ada").at("10:00").all_arrive("ada", "bob")
    check(runner(story.events))
    story.at("10:30").post("x:ada", "x:bob", source="attendee:ada", id="x:up")
    check(runner(story.events), suggested("ada", "bob", at="10:30", by="x:up", position="8-0"))


def test_an_upload_needs_a_verified_account_also_under_claimed(runner: Runner) -> None:
    story = Story().open(accounts="claimed", **ONE_EACH).register("ada", "x:ada").people("bob").post("x:bob", "x:ada")
    story.post("x:ada", "x:bob", source="attendee:ada").at("10:00").all_arrive("ada", "bob")
    check(runner(story.events))


@pytest.mark.parametrize(("organizer", "counts"), [("himss", True), ("other", False)])
def test_an_organizers_post_before_the_opening_waits_for_it(runner: Runner, organizer: str, counts: bool) -> None:
    story = Story().people("ada", "bob").talk("x:ada", "x:bob", source="organizer:himss")
    story.at("09:00").open(organizer=organizer).at("10:00").all_arrive("ada", "bob")
    check(runner(story.events), *[suggested("ada", "bob", position="10-0")] * counts)


def test_what_waited_in_vain_is_not_counted(runner: Runner) -> None:
    story = Story().people("ada", "bob").talk("x:ada", "x:bob").post("x:cyd", source="organizer:other")
    check(runner(story.open(organizer="himss").at("10:00").all_arrive("ada", "bob").events), FIRST)


def test_a_post_that_waited_in_vain_leaves_no_trace_for_another_source(runner: Runner) -> None:
    story = Story().people("ada", "bob").talk("x:ada", "x:bob", posts=3)
    story.post("x:bob", "x:ada", source="organizer:other", id="x:4")
    story.post("x:bob", "x:ada", source="connector:x", id="x:4")
    story.at("09:00").open(organizer="himss").at("10:00").all_arrive("ada", "bob")
    check(runner(story.events), FIRST)


# Now


def test_without_recorded_at_now_is_the_running_maximum_of_at(runner: Runner) -> None:
    story = Story(recorded=False).open().people("ada", "bob").talk("x:ada", "x:bob")
    story.at("10:00").arrive("ada").at("09:00").arrive("bob", id="bob-in").at("21:30").tick()
    lapse = withdrawn("ada", "bob", "expired", at="21:00", by="bob-in", position="11-0")
    check(runner(story.events), suggested("ada", "bob", at="10:00", by="bob-in", position="10-0"), lapse)


def test_a_recorded_at_that_falls_counts_as_the_one_before(runner: Runner) -> None:
    story = friends("ada", "bob").at("10:00").all_arrive("ada").at("09:00").all_arrive("bob")
    check(runner(story.events), FIRST)


def test_an_at_after_now_counts_as_now(runner: Runner) -> None:
    # Else Ada would be gone at 10:08 although she came back at 10:05.
    story = friends("ada", "bob").at("10:00").arrive("ada").leave("ada", at="10:08").at("10:05").arrive("ada")
    story.arrive("bob", at="10:10")
    lapse = withdrawn("ada", "bob", "expired", at="22:05")
    check(runner(story.at("23:00").tick().events), suggested("ada", "bob", at="10:05"), lapse)


def test_records_of_no_effect_count_in_the_position(runner: Runner) -> None:
    story = friends("ada", "bob").tick().post("x:cyd", repost_of="x:ada").erase("zoe").arrive("zoe").leave("nobody")
    story.delete("x:cyd", "x:none").at("10:00").all_arrive("ada", "bob")
    check(runner(story.events), suggested("ada", "bob", position="16-0"))


# Opening again, closing


def test_a_new_opening_holds_from_then_on_and_withdraws_nothing(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("10:30").open(known_posts=9, known_days=9)
    check(runner(story.tick().events), FIRST)
    never = friends("ada", "bob").open(known_posts=9, known_days=9).at("10:00").all_arrive("ada", "bob")
    check(runner(never.events))
    check(runner(never.at("10:30").open(id="again").events), suggested("ada", "bob", at="10:30", by="again"))


def test_a_new_opening_replaces_all_of_the_policy(runner: Runner) -> None:
    story = Story().open(**ONE_EACH).open(per_hour=2).people("ada", "bob").talk("x:ada", "x:bob", posts=2)
    check(runner(story.at("10:00").all_arrive("ada", "bob").events))


def test_the_last_opening_in_the_log_counts_whatever_its_at(runner: Runner) -> None:
    story = Story().open().at("09:00").open(at="07:00", **ONE_EACH).people("ada", "bob")
    story.talk("x:ada", "x:bob", posts=2).at("10:00").all_arrive("ada", "bob")
    check(runner(story.events), suggested("ada", "bob"))


def test_no_outputs_after_the_closing(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").answer("ada", "bob", "accepted").at("10:30").close()
    story.answer("bob", "ada", "accepted").at("10:40").leave("ada").erase("bob").open().at("1d 23:00").tick()
    check(runner(story.events), FIRST)


def test_closing_withdraws_nothing_but_what_is_due_before_it_happens(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").at("22:00").close()
    check(runner(story.events), FIRST, withdrawn("ada", "bob", "expired", at="22:00", position="11-0"))


def test_closed_before_opened_is_closed(runner: Runner) -> None:
    story = Story().close().open().people("ada", "bob").talk("x:ada", "x:bob").at("10:00").all_arrive("ada", "bob")
    check(runner(story.events))


def test_other_outputs_have_the_number_of_their_record_too(runner: Runner) -> None:
    story = (
        met_at_ten("ada", "bob").answer("ada", "bob", "accepted").at("10:30").answer("bob", "ada", "accepted", id="y")
    )
    check(runner(story.events), FIRST, agreed("ada", "bob", at="10:30", by="y", position="12-0"))
