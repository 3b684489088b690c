"""``hallway mail``: whether a running server sends mail, and a test mail."""

from typing import Annotated

from cyclopts import App, Parameter

from services.cli.logs.summary import say
from services.cli.operator.server_client import URL, Url, ask

app = App(name="mail", help="Check that a running server can send sign-in links by mail.")


@app.command(name="test")
def send_test(
    address: Annotated[str, Parameter(help="Where the test mail goes: an address of yours.")], *, url: Url = URL
) -> int:
    """Send a test mail now, and say what the mail server answered. It needs an operator's key."""
    found = ask(url, "POST", "/v1/mail/test", {"email": address})
    say(found["text"])
    return 0 if found["delivery"] == "accepted" else 1


@app.command
def status(*, url: Url = URL) -> int:
    """Say how many mails wait, and why. It needs an operator's key."""
    found = ask(url, "GET", "/v1/mail")
    if not found["enabled"]:
        say("This server sends no mail. See --smtp of `hallway serve`.")
        return 0
    since = "accepted", "refused", "delayed", "unclear"
    counts = ", ".join(f"{found[name]:,} {name}" for name in since)
    say(f"{found['waiting']:,} mails wait. Since the server started: {counts}.")
    if found["trouble"]:
        say(found["trouble"], "red")
    return 1 if found["trouble"] else 0
