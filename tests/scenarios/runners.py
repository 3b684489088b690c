"""The runners of a story: each takes a log and gives its outputs, in the model's form.

Owns: calling each runner through its public door. May never: look inside one.
"""

import importlib.util
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from tests.model import Model
from tests.model.match_ids import MatchIds
from tests.model.records import Json
from tests.scenarios.story import CONFERENCE


class Runner(ABC):
    """A whole log in, all outputs out; `match` is (a, b, n) in both, and outputs have no `id`."""

    @abstractmethod
    def __call__(self, events: Sequence[Json]) -> list[Json]: ...

    @abstractmethod
    def ties(self, events: Sequence[Json], everything: bool = False) -> list[Json]: ...


class ModelRunner(Runner):
    """The slow reference model."""

    def __call__(self, events: Sequence[Json]) -> list[Json]:
        model = Model()
        return [output for event in events for output in model.apply(event)]

    def ties(self, events: Sequence[Json], everything: bool = False) -> list[Json]:
        model = Model()
        for event in events:
            model.apply(event)
        return model.ties(all=everything)


class EngineSession:
    """The fast engine, fed event by event through the codec; `events` are those it got, with its own ids."""

    def __init__(self) -> None:
        from schemas.codec import Codec, Record
        from streams.matching import Matcher

        self._codec, self._good = Codec(), Record
        self._matcher = Matcher(CONFERENCE)
        self._ids = MatchIds()
        self.events: list[Json] = []

    def apply(self, event: Json) -> list[Json]:
        """The outputs of one event, in the model's form."""
        own = self._ids.resolved(event)
        self.events.append(own)
        record = self._codec.decode(json.dumps(own).encode())
        assert isinstance(record, self._good), f"a log of a test holds good events only: {record}"
        outputs = self._matcher.apply(record.event, record.at, record.recorded)
        return [self._ids.seen(json.loads(msgspec.json.encode(output))) for output in outputs]

    def ties(self, everything: bool) -> list[Json]:
        from streams.matching.explanation.listing import ties_of

        return [json.loads(msgspec.json.encode(tie)) for tie in ties_of(self._matcher, everything=everything)]


class EngineRunner(Runner):
    """The fast engine in this process."""

    def __call__(self, events: Sequence[Json]) -> list[Json]:
        session = EngineSession()
        return [output for event in events for output in session.apply(event)]

    def ties(self, events: Sequence[Json], everything: bool = False) -> list[Json]:
        session = EngineSession()
        for event in events:
            session.apply(event)
        return session.ties(everything)


class ReplayRunner(Runner):
    """`hallway replay` and `hallway ties` over a file; the engine tells only the ids that answers name."""

    def __call__(self, events: Sequence[Json]) -> list[Json]:
        ids = MatchIds()
        lines = self._hallway("replay", events)
        return [ids.seen(output) for output in lines]

    def ties(self, events: Sequence[Json], everything: bool = False) -> list[Json]:
        wide = ["--all"] if everything else []
        return self._hallway("ties", events, "--conference", CONFERENCE, *wide)

    def _hallway(self, verb: str, events: Sequence[Json], *options: str) -> list[Json]:
        from services.cli.main import main

        session = EngineSession()
        for event in events:
            session.apply(event)
        with TemporaryDirectory() as folder:
            log = Path(folder) / "log.jsonl"
            log.write_text("".join(json.dumps(event) + "\n" for event in session.events), encoding="utf-8")
            output = Path(folder) / "output.jsonl"
            assert main([verb, str(log), *options, "--output", str(output)]) == 0
            return [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]


class KafkaRunner(EngineRunner):
    """Faust workers on a real Kafka; ties are no stream, so they are the engine's own."""

    def __init__(self, told: Callable[[Sequence[Json]], list[Json]]) -> None:
        self._told = told

    def __call__(self, events: Sequence[Json]) -> list[Json]:
        return self._told(events)


RUNNERS: dict[str, Callable[[], Runner]] = {"model": ModelRunner, "engine": EngineRunner, "cli": ReplayRunner}


def missing(runner: str) -> str | None:
    """What a runner still waits for, while Hallway is being built."""
    needs = {"model": [], "engine": ["schemas.codec", "streams.matching.__init__"]}
    needs["cli"] = [*needs["engine"], "services.cli.main"]
    gone = [name for name in needs[runner] if importlib.util.find_spec(name) is None]
    return f"not built yet: {', '.join(gone)}" if gone else None
