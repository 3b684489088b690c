"""Topics as inputs and outputs are spelled: ``kafka://HOST:PORT/TOPIC?conference=ID&from=OFFSET|TIME``.

Owns: that spelling; without HOST:PORT, as in ``kafka:///TOPIC``, it is the Kafka that runs in this folder. May never:
connect.
"""

import re
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from schemas import names
from schemas.times import millis
from services.tools.local_kafka.status import FOLDER, Standing
from services.usage_errors import UnusableError

SCHEME = "kafka://"
ADDRESS = re.compile(r"[^\s,:/@]+:\d{1,5}(,[^\s,:/@]+:\d{1,5})*")
_TOPIC = re.compile(r"[A-Za-z0-9_.\-]{1,249}")
_FORM = "kafka://HOST:PORT/TOPIC, then ?conference=ID and &from=OFFSET or a time"


class Place(NamedTuple):
    """A topic, or a part of it. ``address``: empty for the Kafka that runs here.

    ``offset`` and ``time_ms``: from where on; at most one of them is set.
    """

    address: str
    topic: str
    conference: str | None = None
    offset: int | None = None
    time_ms: int | None = None


def local_address() -> str:
    """Of the Kafka that runs in this folder's ``hallway-data``. UnusableError."""
    standing = Standing.of(FOLDER)
    if standing is None or not standing.runs(FOLDER):
        raise UnusableError(f"No Kafka runs in {FOLDER}. `hallway kafka up` starts one; or name one: HOST:PORT.")
    return standing.address


def is_place(name: str) -> bool:
    """Whether a name is meant as a topic."""
    return name.startswith(SCHEME)


def place(name: str) -> Place:
    """What a name means. UnusableError."""
    parts = urlsplit(name)
    topic, query = parts.path.removeprefix("/"), parse_qs(parts.query, keep_blank_values=True)
    if (parts.netloc and not ADDRESS.fullmatch(parts.netloc)) or not _TOPIC.fullmatch(topic) or parts.fragment:
        raise UnusableError(f"{name} is no topic. One is spelled {_FORM}.")
    if query.keys() - {"conference", "from"} or any(len(values) > 1 for values in query.values()):
        raise UnusableError(f"{name}: behind the ? stand conference and from, once each.")
    conference = query["conference"][0] if "conference" in query else None
    try:
        if conference is not None:
            names.validate_id(conference)
        offset, time_ms = start_of(query["from"][0]) if "from" in query else (None, None)
    except ValueError as error:
        raise UnusableError(f"{name}: {error}.") from None
    if offset is not None and conference is None:
        raise UnusableError(f"{name}: an offset counts within a conference's partition. Name the conference too.")
    return Place(parts.netloc, topic, conference, offset, time_ms)


def start_of(text: str) -> tuple[int | None, int | None]:
    """An offset, or a time in ms. ValueError."""
    if text.isascii() and text.isdigit():
        return int(text), None
    try:
        return None, millis(text.replace(" ", "+"))  # a plus sign in an address stands for a space
    except ValueError:
        raise ValueError(f"from={text} is neither an offset nor a time such as 2026-03-09T14:05:00Z") from None
