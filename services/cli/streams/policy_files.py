"""Reads and checks a file of policy values: ``{"presence_hours": 6}``."""

from pathlib import Path
from typing import Any

import msgspec

from schemas.policy import Policy
from services.usage_errors import UnusableError

POLICY_BYTES = 65_536  # a policy has a dozen numbers


def read_policy(name: str) -> dict[str, Any]:
    """Reads and checks the values in a file. UnusableError."""
    try:
        with Path(name).open("rb") as file:
            text = file.read(POLICY_BYTES + 1)
    except OSError as error:
        raise UnusableError(f"{name} cannot be read ({error.strerror}). Check the name and try again.") from None
    if len(text) > POLICY_BYTES:
        raise UnusableError(f"{name} is too large for a policy: a JSON object of a dozen values at most.")
    return parse_policy(name, text.removeprefix(b"\xef\xbb\xbf"))


def parse_policy(name: str, text: bytes) -> dict[str, Any]:
    """Parses and checks the values of a policy. UnusableError."""
    try:
        msgspec.json.decode(text, type=Policy)
        values: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        known = ", ".join(Policy.__struct_fields__)
        raise UnusableError(f"{name} is no policy: {error}. A policy may set: {known}.") from None
    return values
