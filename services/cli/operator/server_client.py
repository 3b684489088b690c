"""Requests to a running server over HTTP, for the operator's commands.

Responsibility: the key (from the environment, because other users of the machine can see arguments), the time limit,
the errors. The key is never printed or stored.
"""

import os
from typing import Annotated, Any
from urllib.parse import urlsplit

from cyclopts import Parameter

from services.usage_errors import UnusableError

KEY = "HALLWAY_KEY"
URL = "http://127.0.0.1:8000"
LIMIT_S = 15.0
Url = Annotated[str, Parameter(help=f"The server's address. The key comes from the environment variable {KEY}.")]


def ask(url: str, method: str, path: str, body: Any = None, params: dict[str, Any] | None = None) -> Any:
    """Sends a request; returns the answer's JSON or None. UnusableError: unreachable, or refused, in the
    server's words.
    """
    import httpx  # imported here: no other command should wait for it

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UnusableError(f"--url is an address such as {URL}.")
    key = os.environ.get(KEY, "")
    if not key.isascii() or not key.isprintable() or not key:
        raise UnusableError(f"Set the environment variable {KEY} to your key.")
    headers = {"authorization": f"Bearer {key}"}
    try:
        answer = httpx.request(
            method, url.rstrip("/") + path, json=body, params=params, headers=headers, timeout=LIMIT_S
        )
        found = answer.json() if answer.content else None
    except httpx.HTTPError as error:
        raise UnusableError(f"{url} cannot be reached ({type(error).__name__}). Is the server running there?") from None
    except ValueError:
        raise UnusableError(f"{url} is not a Hallway server: its answer cannot be read.") from None
    if answer.is_success:
        return found
    said = found.get("detail") if isinstance(found, dict) else None
    raise UnusableError(said or f"{url} answers with {answer.status_code}.")
