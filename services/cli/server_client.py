"""Asking a running server over HTTP, for the commands that an operator types.

Owns: the key (out of the environment, never an argument: those are seen by everybody on the machine), the time limit,
the words when it cannot be reached. May never: print or keep the key.
"""

import os
from typing import Annotated, Any
from urllib.parse import urlsplit

from cyclopts import Parameter

from services.usage_errors import UnusableError

KEY = "HALLWAY_KEY"
URL = "http://127.0.0.1:8000"
LIMIT_S = 15.0
Url = Annotated[str, Parameter(help=f"Where the server is. The key to ask with is in the environment: {KEY}.")]


def ask(url: str, method: str, path: str, body: Any = None, params: dict[str, Any] | None = None) -> Any:
    """The answer's JSON (None where there is none). UnusableError: not reached, or refused, with the server's words."""
    import httpx  # no other command should wait for it

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UnusableError(f"--url is an address such as {URL}.")
    key = os.environ.get(KEY, "")
    if not key.isascii() or not key.isprintable() or not key:
        raise UnusableError(f"Put the key to ask with into the environment as {KEY}.")
    headers = {"authorization": f"Bearer {key}"}
    try:
        answer = httpx.request(
            method, url.rstrip("/") + path, json=body, params=params, headers=headers, timeout=LIMIT_S
        )
        found = answer.json() if answer.content else None
    except httpx.HTTPError as error:
        raise UnusableError(f"{url} cannot be asked ({type(error).__name__}). Is the server running there?") from None
    except ValueError:
        raise UnusableError(f"{url} does not answer as Hallway does.") from None
    if answer.is_success:
        return found
    said = found.get("detail") if isinstance(found, dict) else None
    raise UnusableError(said or f"{url} answers with {answer.status_code}.")
