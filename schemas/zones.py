"""Time zones of the IANA data, from the locked ``tzdata`` package only.

Why: with the machine's own zone files, the same log could give other chat sessions on another machine.
"""

import re
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+){0,2}")


@lru_cache(maxsize=700)  # more than there are zones
def zone(name: str) -> ZoneInfo:
    """The zone of that name. ValueError, with the end of a sentence, if there is none."""
    try:
        if _NAME.fullmatch(name) is None:
            raise ValueError
        with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (ValueError, OSError):
        raise ValueError("is not a time zone of the IANA data, such as America/Chicago") from None
