"""Topics as inputs and outputs of commands: ``kafka://HOST:PORT/TOPIC?conference=ID&from=OFFSET|TIME``.

Responsibility: the format; without HOST:PORT, as in ``kafka:///TOPIC``, it is the Kafka that runs in this folder. It
never connects.
"""

import re
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from schemas import names
from schemas.times import millis
from services.usage_errors import UnusableError

SCHEME = "kafka://"
ADDRESS = re.compile(r"[^\s,:/@]+:\d{1,5}(,[^\s,:/@]+:\d{1,5})*")
_TOPIC = re.compile(r"[A-Za-z0-9_.\-]{1,249}")
_FORM = "kafka://HOST:PORT/TOPIC, then ?conference=ID and &from=OFFSET or a time"


class TopicUrl(NamedTuple):
    """A topic, or a part of it. ``address``: empty for the Kafka that runs in this folder.

    ``offset`` and ``time_ms``: where to start; at most one is set.
    """

    address: str
    topic: str
    conference: str | None = None
    offset: int | None = None
    time_ms: int | None = None


def is_topic_url(name: str) -> bool:
    """Whether a name is a topic URL."""
    return name.startswith(SCHEME)


def parse_topic_url(name: str) -> TopicUrl:
    """Parses a topic URL. UnusableError."""
    parts = urlsplit(name)
    topic, query = parts.path.removeprefix("/"), parse_qs(parts.query, keep_blank_values=True)
    if (parts.netloc and not ADDRESS.fullmatch(parts.netloc)) or not _TOPIC.fullmatch(topic) or parts.fragment:
        raise UnusableError(f"{name} is not a topic URL. The format is {_FORM}.")
    if query.keys() - {"conference", "from"} or any(len(values) > 1 for values in query.values()):
        raise UnusableError(f"{name}: after the ? only conference and from are allowed, once each.")
    conference = query["conference"][0] if "conference" in query else None
    try:
        if conference is not None:
            names.validate_id(conference)
        offset, time_ms = parse_start(query["from"][0]) if "from" in query else (None, None)
    except ValueError as error:
        raise UnusableError(f"{name}: {error}.") from None
    if offset is not None and conference is None:
        raise UnusableError(f"{name}: an offset counts within a conference's partition. Add the conference too.")
    return TopicUrl(parts.netloc, topic, conference, offset, time_ms)


def parse_start(text: str) -> tuple[int | None, int | None]:
    """Parses a start: (offset, None) or (None, time in ms). ValueError."""
    if text.isascii() and text.isdigit():
        return int(text), None
    try:
        return None, millis(text.replace(" ", "+"))  # a URL decodes a plus sign to a space
    except ValueError:
        raise ValueError(f"from={text} is neither an offset nor a time such as 2026-03-09T14:05:00Z") from None
