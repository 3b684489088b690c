"""The real conferences folded whole, and what came of it in numbers.

Owns: the summary. May never: hold an account or a post id (the posts are not to be published).
"""

import json
from collections import Counter

from schemas.codec import Codec, Record
from streams.matching.explanation.listing import ties_of
from streams.replay import Replay
from tests.corpus.conference import conference, in_order
from tests.corpus.posts import EVENTS, Json, posts


def log(*names: str) -> list[Json]:
    """All that happens at these conferences; a post of several is in it once for each."""
    said = {name: posts(name) for name in names}
    return in_order(*(conference(name, said[name]) for name in names), *said.values())


def summary(*names: str) -> Json:
    """Numbers only: what was folded, who knows whom, what was put out, and a digest of the outputs."""
    codec, replay = Codec(), Replay()
    outputs: Counter[str] = Counter()
    events = doubles = 0
    for event in log(*names):
        record = codec.decode(json.dumps(event).encode())
        assert isinstance(record, Record), record
        events += 1
        before = _taken(replay)
        for output in replay.feed(record):
            replay.encode(output)
            outputs[type(output).__name__] += 1
        doubles += _taken(replay) == before
    return {
        "events": events,
        "doubles": doubles,
        "unrouted": replay.unrouted,
        "outputs": dict(sorted(outputs.items())),
        "digest": replay.digest(),
        "conferences": {name: _of(replay, name) for name in names},
    }


def _taken(replay: Replay) -> int:
    """How many records were applied or went nowhere: a double is neither."""
    return replay.unrouted + sum(matcher.state.applied for matcher in replay.matchers.values())


def _of(replay: Replay, name: str) -> Json:
    matcher = replay.matchers[name]
    listed = list(ties_of(matcher, everything=True))
    return {
        "applied": matcher.state.applied,
        "attendees": len(matcher.state.attendees),
        "posts": len(matcher.state.posts),
        "ties": len(listed),
        "ties known": sum(tie.known for tie in listed),
        "known by chat": sum(tie.known and all(r.kind == "chat" for r in tie.reasons) for tie in listed),
    }


CASES = {**{name: (name,) for name in EVENTS}, "both": EVENTS}
