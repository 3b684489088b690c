"""Data that no rule needs any more is removed: a conference whose days are all alike does not grow."""

import json
from typing import Any

import msgspec

from schemas.codec import Codec, Record
from schemas.outputs import MatchSuggested, MatchWithdrawn
from streams.matching import Matcher
from streams.matching.evidence.calendar import Calendar
from tests.scenarios.story import CONFERENCE, Story

EVIDENCE_DAYS = 3
FRIENDS = ("ada", "bob", "cyd")


def opened() -> Story:
    story = Story().at("00:00").open(chats=[{"hashtag": "day"}], evidence_days=EVIDENCE_DAYS, presence_hours=2)
    for name in FRIENDS:
        story.register(name, f"m:{name}").verify(name, f"x:{name}")
    return story


def add_day(story: Story, day: int) -> None:
    """Friends talk and meet; strangers, deletions, claims and somebody who is erased come and go, each day others."""
    guest, stranger, claimed, lent = (f"{name}{day}" for name in ("eve", "x:stranger", "m:claimed", "m:lent"))
    story.at(f"{day}d 01:00").talk("x:ada", "x:bob", tags=["day"]).talk("x:cyd", "x:bob", tags=["day"])
    story.post(stranger, "x:ada", f"x:silent{day}", tags=["day"], id=f"x:said{day}").post("x:bob", reply_to=stranger)
    story.post(f"x:late{day}", "x:ada", tags=["day"], at=f"{day - EVIDENCE_DAYS}d 02:00")
    story.delete(stranger, f"x:said{day}").delete("x:ada", f"x:none{day}").delete("x:bob", f"x:none{day}")
    story.at(f"{day}d 02:00").people(guest).talk(f"x:{guest}", "x:ada", tags=["day"], posts=4)
    story.at(f"{day}d 03:00").all_arrive(*FRIENDS, guest, place="hall")
    story.at(f"{day}d 04:00").block("ada", "x:enemy").consent("ada", share_place=day % 2 == 0).leave("ada", "hall")
    story.register("cyd", "m:cyd", claimed).verify("bob", lent).post(lent, "x:ada", tags=["day"])
    story.at(f"{day}d 05:00").release("bob", lent).erase(guest).at(f"{day}d 09:00").leave("bob").at(f"{day}d 23:00")
    story.tick()


def kept(root: object) -> int:
    """How many things all containers hold that can be reached from here."""
    seen: dict[int, object] = {}  # with the things themselves, so that no id is used twice
    waiting, number = [root], 0
    while waiting:
        value: Any = waiting.pop()
        if id(value) in seen or isinstance(value, Calendar):  # it remembers 1,000 days, whatever comes
            continue
        seen[id(value)] = value
        if isinstance(value, dict):
            number += len(value)
            waiting += value.values()
        elif isinstance(value, list | tuple | set | frozenset):
            number += len(value)
            waiting += value
        elif isinstance(value, msgspec.Struct):
            waiting += (getattr(value, name) for name in value.__struct_fields__)
        elif not callable(value):
            waiting += vars(value).values() if hasattr(value, "__dict__") else ()
    return number


def test_a_conference_whose_days_are_the_same_does_not_grow() -> None:
    codec, matcher, sizes = Codec(), Matcher(CONFERENCE), []
    for day in range(48):
        story = Story() if day else opened()
        add_day(story, day)
        told = set()
        for event in story.events:
            record = codec.decode(json.dumps({**event, "id": id_of(event["id"], day)}).encode())
            assert isinstance(record, Record), record
            told |= {type(output) for output in matcher.apply(record.event, record.at, record.recorded)}
        assert told == {MatchSuggested, MatchWithdrawn}
        sizes.append(kept(matcher))
    # Ids are kept for 7 to 14 days; of who was erased a digest stays for ever, one each day.
    assert [after - before for before, after in zip(sizes[20:34], sizes[34:], strict=True)] == [14] * 14


def id_of(name: str, day: int) -> str:
    """An id that no other day has; what is deleted has the day in its name already."""
    return name if name.startswith("x:said") else f"{name}-{day}"
