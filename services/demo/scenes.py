"""A conference day as scenes: what the demo shows, when, and for how long.

Owns: folding the simulated log into scenes, and the time each is shown. May never: write to a terminal or wait.
Theory: the day is folded before it is shown (a fraction of a second), so that half a minute can be shared out: matches
come in crowds, when the doors open and at lunch, and each deserves a look. With a speed given, time is simply scaled.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from zoneinfo import ZoneInfo

from schemas import zones
from schemas.codec import Codec, Record
from schemas.events import ActivityPosted, AttendeeRegistered, CheckinArrived, CheckinLeft, ConferenceOpened
from schemas.outputs import AnyOutput, MatchAgreed, MatchLocated, MatchSuggested, MatchWithdrawn
from schemas.times import HOUR_MS, SECOND_MS, millis
from streams.replay import Replay

DAY_SECONDS = 34.0  # long enough to read each card, short enough to watch to the end
# How long outputs are looked at, in proportion; a withdrawal only takes its card away.
_LOOKS = {MatchSuggested: 1.0, MatchAgreed: 1.2, MatchLocated: 0.7, MatchWithdrawn: 0.2}
_HOUR_LOOK = 0.8  # an hour without any news


@dataclass(slots=True)
class Counts:
    """What the foot of the demo counts."""

    posts: int = 0
    registered: int = 0
    here: int = 0
    suggested: int = 0
    agreed: int = 0
    withdrawn: int = 0


@dataclass(slots=True)
class Scene:
    """A moment (ms) with news, or an hour struck; ``counts`` after it; ``seconds`` it stays."""

    at: int
    counts: Counts
    output: AnyOutput | None = None
    seconds: float = 0.0


@dataclass(slots=True)
class Day:
    """The conference as the demo tells it: the talk before, and the scenes of the day."""

    name: str = ""
    zone: ZoneInfo = field(default_factory=lambda: zones.zone("UTC"))
    places: dict[str, str] = field(default_factory=dict)
    before: Counts = field(default_factory=Counts)
    scenes: list[Scene] = field(default_factory=list)
    digest: str = ""


def day_of(lines: Iterable[bytes]) -> Day:
    """Folds a simulated log into its scenes."""
    codec, replay, day, counts = Codec(), Replay(), Day(), Counts()
    here: set[str] = set()
    for line in lines:
        record = codec.decode(line.rstrip())
        if not isinstance(record, Record):
            continue  # the simulation sends a few bad lines, as the world does
        if isinstance(record.event, CheckinArrived) and not day.scenes:
            day.before = _copy(counts)
        _count(day, counts, here, record)
        outputs = replay.feed(record)
        now = replay.now or 0
        if here and (not day.scenes or now - day.scenes[-1].at >= HOUR_MS):
            day.scenes.append(Scene(now, _copy(counts)))
        for output in outputs:
            replay.written(output)
            _count_output(counts, output)
            day.scenes.append(Scene(millis(output.at), _copy(counts), output))
    day.digest = replay.digest()
    day.scenes = _without_night(day.scenes)
    return day


def _without_night(scenes: list[Scene]) -> list[Scene]:
    """After the last news the hours need not be struck; cards still go when people lapse."""
    news = [number for number, scene in enumerate(scenes) if not isinstance(scene.output, MatchWithdrawn | None)]
    last = news[-1] if news else -1
    return [scene for number, scene in enumerate(scenes) if number <= last or scene.output is not None]


def _copy(counts: Counts) -> Counts:
    return Counts(counts.posts, counts.registered, counts.here, counts.suggested, counts.agreed, counts.withdrawn)


def _count(day: Day, counts: Counts, here: set[str], record: Record) -> None:
    match record.event:
        case ConferenceOpened() as opened:
            day.name, day.zone = opened.name, zones.zone(opened.time_zone)
            day.places = {place.place: place.name for place in opened.places}
        case AttendeeRegistered():
            counts.registered += 1
        case CheckinArrived() as arrived:
            here.add(arrived.attendee)
        case CheckinLeft() as left if left.place is None:
            here.discard(left.attendee)
        case ActivityPosted():
            counts.posts += 1
    counts.here = len(here)


def _count_output(counts: Counts, output: AnyOutput) -> None:
    counts.suggested += isinstance(output, MatchSuggested)
    counts.agreed += isinstance(output, MatchAgreed)
    counts.withdrawn += isinstance(output, MatchWithdrawn)


def share_out(scenes: list[Scene], speed: float | None) -> None:
    """Sets how long each scene stays: its share of ``DAY_SECONDS``, or as long as it took, so many times as fast."""
    if speed is not None:
        for scene, following in pairwise(scenes):
            scene.seconds = max(0, following.at - scene.at) / SECOND_MS / speed
        return
    looks = [_HOUR_LOOK if scene.output is None else _LOOKS[type(scene.output)] for scene in scenes]
    unit = DAY_SECONDS / max(sum(looks), 1.0)
    for scene, look in zip(scenes, looks, strict=True):
        scene.seconds = min(2.0, look * unit)
