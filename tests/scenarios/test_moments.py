"""What happens at one moment, in which order, with which `at`, cause and position."""

from tests.scenarios.expected import agreed, check, suggested, withdrawn
from tests.scenarios.runners import Runner
from tests.scenarios.story import Story, friends, met_at_ten

TRIO = ("ada", "bob", "cyd")


def test_suggestions_of_one_record_go_by_score_then_by_ids(runner: Runner) -> None:
    story = friends(*TRIO).talk("x:bob", "x:cyd", posts=10).at("10:00").arrive("ada").arrive("cyd").all_arrive("bob")
    outputs = runner(story.events)
    check(
        outputs,
        suggested("ada", "cyd"),
        suggested("bob", "cyd", by="bob-in", position="31-0"),
        suggested("ada", "bob", by="bob-in", position="31-1"),
    )
    assert outputs[1]["score"] > outputs[2]["score"]


def test_withdrawals_of_one_record_go_by_ids(runner: Runner) -> None:
    story = met_at_ten(*TRIO).at("10:30").leave("cyd", id="left")
    suggestions = [suggested("ada", "bob"), suggested("ada", "cyd"), suggested("bob", "cyd")]
    ends = [
        withdrawn("ada", "cyd", "left", by="left", position="22-0"),
        withdrawn("bob", "cyd", "left", by="left", position="22-1"),
    ]
    check(runner(story.events), *suggestions, *ends)


def test_moments_go_by_time_whatever_is_due_and_share_the_position(runner: Runner) -> None:
    # Due before the tick of 23:00: Ada's lapse at 21:00 (two cards), Bob's at 22:00.
    story = friends(*TRIO).at("09:00").all_arrive("ada").at("10:00").all_arrive("bob", "cyd")
    story.at("23:00").tick(id="tick")
    check(
        runner(story.events),
        suggested("ada", "bob", at="10:00", by="bob-in", position="20-0"),
        suggested("ada", "cyd", at="10:00", by="cyd-in", position="21-0"),
        suggested("bob", "cyd", at="10:00", by="cyd-in", position="21-1"),
        withdrawn("ada", "bob", "expired", at="21:00", by="ada-in", position="22-0"),
        withdrawn("ada", "cyd", "expired", at="21:00", by="ada-in", position="22-1"),
        withdrawn("bob", "cyd", "expired", at="22:00", by="bob-in", position="22-2"),
    )


def test_what_is_due_comes_before_the_record_of_the_same_now(runner: Runner) -> None:
    # At 22:00 both lapse; Ada's arrival of that very moment comes too late.
    story = met_at_ten("ada", "bob").at("22:00").arrive("ada").arrive("bob").at("1d 02:00").tick()
    check(
        runner(story.events),
        suggested("ada", "bob", at="10:00"),
        withdrawn("ada", "bob", "expired", at="22:00", by="ada-in", position="11-0"),
        suggested("ada", "bob", n=1, at="1d 02:00", by="ada-in", position="13-0"),
    )


def test_due_and_own_outputs_of_one_record_go_on_counting(runner: Runner) -> None:
    story = Story().open().people("ada", "bob", "cyd").talk("x:ada", "x:bob").talk("x:ada", "x:cyd")
    story.at("10:00").all_arrive("bob", "ada").at("12:00").all_arrive("cyd").arrive("ada")
    story.at("22:00").answer("ada", "cyd", "declined", id="no")
    check(
        runner(story.events),
        suggested("ada", "bob", at="10:00", position="16-0"),
        suggested("ada", "cyd", at="12:00", position="17-0"),
        withdrawn("ada", "bob", "expired", at="22:00", by="bob-in", position="19-0"),
        withdrawn("ada", "cyd", "declined", to=["ada"], at="22:00", by="no", position="19-1"),
    )


def test_at_one_moment_withdrawals_come_before_suggestions(runner: Runner) -> None:
    # 22:00: Dan lapses (cards of Ada and Dan end); and Ada has room for Cyd, an hour after 21:00.
    story = Story().open(per_hour=1).people("ada", "bob", "cyd", "dan")
    for other in ("bob", "cyd", "dan"):
        story.talk("x:ada", f"x:{other}")
    story.at("10:00").all_arrive("dan", "ada").at("21:00").arrive("ada").all_arrive("bob", "cyd").at("22:30").tick()
    check(
        runner(story.events),
        suggested("ada", "dan", at="10:00", by="ada-in"),
        suggested("ada", "bob", at="21:00", by="bob-in"),
        withdrawn("ada", "dan", "expired", at="22:00", by="dan-in", position="26-0"),
        suggested("ada", "cyd", at="22:00", by="bob-in", position="26-1"),
    )


def test_a_lapse_takes_away_what_would_be_due_at_its_moment(runner: Runner) -> None:
    # 11:00: Bob's presence ends and Ada's room opens; Bob is not present any more.
    story = Story().open(per_hour=1, presence_hours=1).people("ada", "bob", "cyd")
    story.talk("x:ada", "x:bob").talk("x:ada", "x:cyd", posts=9).at("10:00").all_arrive("bob", "cyd", "ada")
    story.at("10:30").arrive("ada", id="again").arrive("cyd").at("11:30").tick()
    check(
        runner(story.events),
        suggested("ada", "cyd", at="10:00"),
        withdrawn("ada", "cyd", "expired", at="11:30", by="again"),
    )


def test_an_agreement_has_the_moment_of_its_record(runner: Runner) -> None:
    story = met_at_ten("ada", "bob").answer("ada", "bob", "accepted").at("10:30")
    story.answer("bob", "ada", "accepted", at="10:20", id="yes")
    check(runner(story.events), suggested("ada", "bob"), agreed("ada", "bob", at="10:30", by="yes"))
