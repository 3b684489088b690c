"""A real pretix on loopback, for one test: started from a folder where it was installed and migrated before.

In an empty folder F, which stays as a cache (two minutes):

    python -m venv F/venv && F/venv/bin/pip install pretix==2026.8.0 && mkdir F/data
    DATA_DIR=F/data PRETIX_DEBUG=1 F/venv/bin/python -m pretix migrate

Then ``HALLWAY_PRETIX=F``. Each test makes an organizer of its own in it.
"""

import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

START_S = 120.0
SCRIPT = """
import datetime, json, os
from django.utils.timezone import now
from django_scopes import scopes_disabled
from pretix.base.models import Organizer, Event, Team, Item, Quota, Order, OrderPosition, CheckinList
from pretix.api.models import WebHook
with scopes_disabled():
    slug = os.environ["ORGANIZER"]
    o = Organizer.objects.create(slug=slug, name="Invented organizer")
    e = Event.objects.create(organizer=o, slug="conf", name="Invented conference", date_from=now(), currency="EUR",
        live=True, plugins="pretix.plugins.banktransfer")
    t = Team.objects.create(organizer=o, name="api", all_events=True)
    for f in t._meta.fields:
        if f.name.startswith("can_") or f.name in ("all_organizer_permissions", "all_event_permissions"):
            setattr(t, f.name, True)
    t.save()
    item = Item.objects.create(event=e, name="Ticket", default_price=0, admission=True)
    shirt = Item.objects.create(event=e, name="T-shirt", default_price=0, admission=False)
    kw = dict(event=e, status="p", datetime=now(), expires=now() + datetime.timedelta(days=5), total=0, locale="en",
        sales_channel=o.sales_channels.get(identifier="web"))
    tickets = []
    for n, name in enumerate(["Ada Example", "Bob Example", "Cyd Example", "Dan Example"]):
        order = Order.objects.create(code="T%05d" % n, email="buyer%d@example.org" % n, **kw)
        tickets.append(OrderPosition.objects.create(order=order, item=item, price=0, secret="%s-%d" % (slug, n),
            attendee_email="%s@example.org" % name.split()[0].lower(),
            attendee_name_parts={"_scheme": "full", "full_name": name}))
        OrderPosition.objects.create(order=order, item=shirt, price=0, positionid=2)
    entrance = CheckinList.objects.create(event=e, name="Entrance", all_products=True)
    hook = WebHook.objects.create(organizer=o, target_url=os.environ["HOOK"], enabled=True, all_events=True)
    for action in ("pretix.event.checkin", "pretix.event.checkin.reverted", "pretix.event.order.canceled",
            "pretix.event.order.modified", "pretix.event.order.changed.*"):
        hook.listeners.create(action_type=action)
    print(json.dumps(dict(token=t.tokens.create(name="x").token, list=entrance.pk, tickets=[p.pk for p in tickets],
        secrets=[p.secret for p in tickets])))
"""


@dataclass(frozen=True)
class Pretix:
    """``address`` of the server; how to run commands in it."""

    folder: Path
    address: str
    organizer: str

    @property
    def environment(self) -> dict[str, str]:
        data = {"DATA_DIR": str(self.folder / "data"), "PRETIX_DEBUG": "1", "ORGANIZER": self.organizer}
        return os.environ | data | {"PRETIX_PRETIX_ALLOW_HTTP_TO_PRIVATE_NETWORKS": "true"}

    def run(self, script: str, **given: str) -> str:
        """Runs a script in pretix's shell; its last line."""
        command = [str(self.folder / "venv/bin/python"), "-m", "pretix", "shell"]
        done = subprocess.run(
            command,
            input=script,
            env=self.environment | given,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip().splitlines()[-1]

    def fill(self, hook: str) -> Any:
        """Tickets, a check-in list, a token and a webhook."""
        return json.loads(self.run(SCRIPT, HOOK=hook))

    def client(self, token: str) -> httpx.Client:
        return httpx.Client(
            base_url=f"{self.address}/api/v1/organizers/{self.organizer}/",
            headers={"authorization": f"Token {token}"},
            timeout=30.0,
        )


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def real_pretix(folder: Path) -> Iterator[Pretix]:
    """A running one."""
    pretix = Pretix(folder, f"http://127.0.0.1:{free_port()}", f"org-{secrets.token_hex(4)}")
    command = [str(folder / "venv/bin/python"), "-m", "pretix", "runserver", "--noreload"]
    with (folder / "server.log").open("a") as log:
        process = subprocess.Popen(
            [*command, pretix.address.removeprefix("http://")],
            env=pretix.environment,
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        end = time.monotonic() + START_S
        while True:
            try:
                httpx.get(f"{pretix.address}/healthcheck/", timeout=10.0)
                break
            except httpx.TransportError:
                assert process.poll() is None, (folder / "server.log").read_text()[-2_000:]
                assert time.monotonic() < end, "pretix did not start in time"
                time.sleep(0.2)
        yield pretix
    finally:
        process.terminate()
        process.wait(20)
