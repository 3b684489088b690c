"""``hallway inboxes``: rebuilds the inboxes of a running server from the log."""

import time
from typing import Annotated
from urllib.parse import quote

from cyclopts import App, Parameter

from services.cli.logs.summary import say
from services.cli.operator.server_client import URL, Url, ask
from services.usage_errors import UnusableError

app = App(name="inboxes", help="Rebuild inboxes from the log, while a server runs.")

POLL_S = 0.5
WAIT_S = 600.0


@app.command
def rebuild(conference: Annotated[str, Parameter(help="The conference's id.")], *, url: Url = URL) -> int:
    """Rebuild the inboxes of a conference, for example after the Redis was changed or restored.

    Nothing is lost: they are rebuilt from the recorded outputs. Meanwhile people keep the cards on their page, and new
    ones arrive afterwards. It needs an operator's key.
    """
    path = f"/v1/conferences/{quote(conference, safe='')}/inboxes"
    ask(url, "POST", f"{path}/rebuild")
    end = time.monotonic() + WAIT_S
    while ask(url, "GET", path)["state"] != "ready":
        if time.monotonic() > end:
            raise UnusableError(f"The inboxes of {conference} are still being rebuilt. The server continues by itself.")
        time.sleep(POLL_S)
    say(f"The inboxes of {conference} are rebuilt.")
    return 0
