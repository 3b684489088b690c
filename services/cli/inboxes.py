"""``hallway inboxes``: what a running server shows people, made again from the log.

Owns: the options, the waiting and what is printed. May never: reach into a store by itself: a server is asked.
"""

import time
from typing import Annotated
from urllib.parse import quote

from cyclopts import App, Parameter

from services.cli.server_client import URL, Url, ask
from services.cli.summary import say
from services.usage_errors import UnusableError

app = App(name="inboxes", help="Make what people see again from the log, while a server runs.")

LOOK_S = 0.5
MOST_S = 600.0


@app.command
def rebuild(conference: Annotated[str, Parameter(help="The conference's id.")], *, url: Url = URL) -> int:
    """Throw the inboxes of a conference away and make them again: after somebody changed or restored the Redis.

    Nothing is lost: they are made from what the log recorded. Until they are ready people see the cards that their
    page has, and new ones come after it. It asks with an operator's key.
    """
    path = f"/v1/conferences/{quote(conference, safe='')}/inboxes"
    ask(url, "POST", f"{path}/rebuild")
    end = time.monotonic() + MOST_S
    while ask(url, "GET", path)["state"] != "ready":
        if time.monotonic() > end:
            raise UnusableError(f"The inboxes of {conference} are still being made. It goes on by itself.")
        time.sleep(LOOK_S)
    say(f"The inboxes of {conference} are made again.")
    return 0
