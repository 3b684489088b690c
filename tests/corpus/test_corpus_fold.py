"""Real conferences folded whole give what they gave before.

`HALLWAY_REWRITE_GOLDEN=1 pytest tests/corpus` writes golden.json anew: on purpose only, and look at the difference.
"""

import json
import os
from pathlib import Path

import pytest

from tests.corpus.fold import CASES, summary
from tests.corpus.posts import EVENTS, HASHTAGS, accounts, addressed, distinct, posts

pytestmark = pytest.mark.corpus
GOLDEN = Path(__file__).with_name("golden.json")


def golden() -> dict[str, object]:
    found: dict[str, object] = json.loads(GOLDEN.read_text())
    return found


@pytest.mark.parametrize("case", CASES)
def test_the_fold_gives_what_it_gave(case: str) -> None:
    found = summary(*CASES[case])
    if os.environ.get("HALLWAY_REWRITE_GOLDEN") == "1":
        kept = golden() if GOLDEN.exists() else {}
        GOLDEN.write_text(json.dumps({**kept, case: found}, indent=2, sort_keys=True) + "\n")
    assert golden()[case] == found


@pytest.mark.parametrize("name", EVENTS)
def test_every_post_is_counted_once(name: str) -> None:
    said = posts(name)
    found = summary(name)
    # Everybody is registered: a post stays out where it has none of the hashtags and addresses nobody.
    tracked = [post for post in said if addressed(post) or not set(HASHTAGS[name]).isdisjoint(post["hashtags"])]
    of_conference = found["conferences"][name]
    assert of_conference["attendees"] == len(accounts(said))
    assert of_conference["posts"] == len(distinct(tracked))
    assert found["doubles"] == len(tracked) - len(distinct(tracked)) > 0
    assert found["unrouted"] == len(said) - len(tracked)


def test_the_golden_summary_names_nobody() -> None:
    text = GOLDEN.read_text()
    for name in EVENTS:
        for account in accounts(posts(name)):
            assert account.partition(":")[2] not in text
