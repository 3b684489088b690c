"""Guesses this machine's time zone, for the demo only: its conference is here and now."""

import os
from pathlib import Path

from schemas.zones import zone

_ELSEWHERE = "UTC"


def here(link: Path = Path("/etc/localtime")) -> str:
    """Its IANA name; UTC where that is not to be found out."""
    name = os.environ.get("TZ") or str(link.resolve()).partition("zoneinfo/")[2]
    try:
        zone(name)
    except ValueError:
        return _ELSEWHERE
    return name
