"""Connectors: settings, sealed secrets, checkpoints, tickets, hints of webhooks.

Responsibility: the tables connectors, connector_tickets and connector_hints.
Invariants: secrets are encrypted with a key that is derived from the server's secret, the conference and the
connector, so a copied row opens nowhere else. Of a webhook's address only a keyed digest is stored.
Why: XSalsa20-Poly1305 of libsodium with a random nonce; the key is in another file than the ciphertext.
"""

import secrets as random_
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from services.directory.port import (
    HOOK_OVERLAP_MS,
    MOST_CONNECTORS,
    MOST_HINTS,
    Checkpoint,
    ConnectorRow,
    NewConnector,
    Scan,
    Ticket,
)
from services.directory.server_secret import Secret
from services.directory.sqlite.database import Database, Row

_FIELDS = (
    "conference, id, kind, config, source, organizer, secret_names, hook IS NOT NULL, paused, generation, made,"
    " checkpoint"
)
_TICKET = "connector, ticket, attendee, has_brought, scans, name, email"
# A run may store a ticket that it read before its person was released: what was released stays so.
_SAVE_TICKET = (
    "INSERT INTO connector_tickets (conference, connector, ticket, attendee, has_brought, scans, name, email)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET has_brought = excluded.has_brought"
    " AND (has_brought OR attendee <> excluded.attendee), attendee = excluded.attendee, scans = excluded.scans,"
    " name = excluded.name, email = excluded.email"
)
_HOOK_BYTES, _DIGEST_BYTES = 32, 16
_HOOK_CHARS = 128
_ONE = "WHERE conference = ? AND id = ?"
_OF = "WHERE conference = ? AND connector = ?"


class SqliteConnectors:
    """The port's Connectors."""

    def __init__(self, base: Database, secret: Secret, clock: Callable[[], int]) -> None:
        self._base, self._secret, self._clock = base, secret, clock

    def put(self, new: NewConnector) -> ConnectorRow:
        """Creates a connector, or replaces its settings. ValueError: too many connectors."""
        with self._base.write():
            before = self.get(new.conference, new.id)
            if before is None and len(self.of(new.conference)) >= MOST_CONNECTORS:
                raise ValueError(
                    f"A conference has at most {MOST_CONNECTORS} connectors. Delete one that nobody needs."
                )
            is_same = before is not None and (before.kind, before.source) == (new.kind, new.source)
            kept = self.secrets_of(new.conference, new.id) if is_same else {}
            whole = {**kept, **new.secrets}
            if not is_same:
                self._forget(new.conference, new.id)
            checkpoint = before.checkpoint if before is not None and is_same else Checkpoint()
            names = _json(sorted(whole))
            settings = (new.kind, new.config, new.source, new.organizer, names, self._seal(new, whole))
            sql = (
                "INSERT INTO connectors (conference, id, kind, config, source, organizer, secret_names, sealed, paused,"
                " generation, made, checkpoint) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 1, ?, ?) ON CONFLICT DO UPDATE SET"
                " kind = excluded.kind, config = excluded.config, source = excluded.source,"
                " organizer = excluded.organizer, secret_names = excluded.secret_names, sealed = excluded.sealed,"
                " generation = generation + 1, checkpoint = excluded.checkpoint"
            )
            self._base.run(sql, (new.conference, new.id, *settings, self._clock(), _json(checkpoint)))
            row = self.get(new.conference, new.id)
            assert row is not None
            return row

    def get(self, conference: str, connector: str) -> ConnectorRow | None:
        """The connector, without its secrets."""
        rows = self._base.read(f"SELECT {_FIELDS} FROM connectors {_ONE}", (conference, connector))  # noqa: S608
        return _row(rows[0]) if rows else None

    def of(self, conference: str) -> list[ConnectorRow]:
        """The connectors of a conference, sorted by id."""
        sql = f"SELECT {_FIELDS} FROM connectors WHERE conference = ? ORDER BY id"  # noqa: S608 - constants
        return [_row(row) for row in self._base.read(sql, (conference,))]

    def all(self) -> list[ConnectorRow]:
        """All connectors."""
        return [_row(row) for row in self._base.read(f"SELECT {_FIELDS} FROM connectors ORDER BY conference, id")]  # noqa: S608

    def secrets_of(self, conference: str, connector: str) -> Mapping[str, str]:
        """The secrets by name; empty for an unknown connector, and where another server's secret sealed them."""
        rows = self._base.read(f"SELECT sealed FROM connectors {_ONE}", (conference, connector))  # noqa: S608
        try:
            data = self._box(conference, connector).decrypt(rows[0][0]) if rows else b"{}"
        except CryptoError:
            return {}
        return msgspec.json.decode(data, type=dict[str, str])

    def set_paused(self, conference: str, connector: str, *, paused: bool) -> bool:
        """Pauses or resumes a connector; False if it is unknown."""
        sql = f"UPDATE connectors SET paused = ?, generation = generation + 1 {_ONE}"  # noqa: S608 - constants
        return self._base.run(sql, (paused, conference, connector)) == 1

    def delete(self, conference: str, connector: str) -> bool:
        """Deletes a connector with its secrets, checkpoint and tickets; False if it is unknown."""
        with self._base.write():
            self._forget(conference, connector)
            return self._base.run(f"DELETE FROM connectors {_ONE}", (conference, connector)) == 1  # noqa: S608

    # -- webhooks ------------------------------------------------------------------------------------------------

    def new_hook(self, conference: str, connector: str) -> str | None:
        """The secret part of a new webhook address; the earlier one stays valid for a while."""
        made = random_.token_urlsafe(_HOOK_BYTES)
        sql = f"UPDATE connectors SET earlier_hook = hook, earlier_until = ?, hook = ? {_ONE}"  # noqa: S608 - constants
        until = self._clock() + HOOK_OVERLAP_MS
        return made if self._base.run(sql, (until, self._hook(made), conference, connector)) == 1 else None

    def by_hook(self, secret: str) -> ConnectorRow | None:
        """The connector with this webhook address; None for an unknown or replaced one."""
        if len(secret) > _HOOK_CHARS:
            return None
        digest = self._hook(secret)
        sql = f"SELECT {_FIELDS} FROM connectors WHERE hook = ? OR (earlier_hook = ? AND earlier_until > ?)"  # noqa: S608
        rows = self._base.read(sql, (digest, digest, self._clock()))
        return _row(rows[0]) if rows else None

    def add_hint(self, conference: str, connector: str, hint: str) -> bool:
        """Stores a hint, durable on return; False where too many are waiting."""
        with self._base.write():
            sql = f"SELECT count(*) FROM connector_hints {_OF}"  # noqa: S608 - constants
            if self._base.read(sql, (conference, connector))[0][0] >= MOST_HINTS:
                return False
            sql = "INSERT OR IGNORE INTO connector_hints (conference, connector, hint) VALUES (?, ?, ?)"
            self._base.run(sql, (conference, connector, hint))
            return True

    def hints(self, conference: str, connector: str) -> list[str]:
        """The stored hints, oldest first."""
        sql = f"SELECT hint FROM connector_hints {_OF} ORDER BY number"  # noqa: S608 - constants
        return [row[0] for row in self._base.read(sql, (conference, connector))]

    # -- a run ---------------------------------------------------------------------------------------------------

    def save(
        self, row: ConnectorRow, checkpoint: Checkpoint, tickets: Sequence[Ticket] = (), hints: Collection[str] = ()
    ) -> bool:
        """Stores a checkpoint with what it covers; False where the connector was replaced or deleted meanwhile."""
        whose = (row.conference, row.id)
        with self._base.write():
            sql = f"UPDATE connectors SET checkpoint = ? {_ONE} AND generation = ?"  # noqa: S608 - constants
            if self._base.run(sql, (_json(checkpoint), *whose, row.generation)) != 1:
                return False
            rows = [
                (*whose, each.ticket, each.attendee, each.has_brought, _json(each.scans), each.name, each.email)
                for each in tickets
            ]
            self._base.run_all(_SAVE_TICKET, rows)
            sql = f"DELETE FROM connector_hints {_OF} AND hint = ?"  # noqa: S608 - constants
            self._base.run_all(sql, [(*whose, hint) for hint in hints])
            return True

    def tickets(self, conference: str, connector: str, names: Collection[str]) -> Mapping[str, Ticket]:
        """The known tickets among these, by name."""
        sql = (
            f"SELECT {_TICKET} FROM connector_tickets {_OF}"  # noqa: S608 - constants
            " AND ticket IN (SELECT value FROM json_each(?))"
        )
        rows = self._base.read(sql, (conference, connector, _json(list(names))))
        return {row[1]: _ticket(row) for row in rows}

    def tickets_of(self, conference: str, attendees: Collection[str]) -> list[Ticket]:
        """The tickets of these attendees, of all connectors."""
        sql = (
            f"SELECT {_TICKET} FROM connector_tickets WHERE conference = ?"  # noqa: S608 - constants
            " AND attendee IN (SELECT value FROM json_each(?)) ORDER BY connector, ticket"
        )
        return [_ticket(row) for row in self._base.read(sql, (conference, _json(list(attendees))))]

    def release(self, conference: str, attendees: Collection[str]) -> None:
        """Records that these attendees are registered whatever happens to their tickets."""
        sql = (
            "UPDATE connector_tickets SET has_brought = 0 WHERE conference = ?"
            " AND attendee IN (SELECT value FROM json_each(?))"
        )
        self._base.run(sql, (conference, _json(list(attendees))))

    def delete_tickets(self, conference: str, connector: str, names: Collection[str]) -> None:
        """Deletes tickets that lead to nobody any more."""
        sql = f"DELETE FROM connector_tickets {_OF} AND ticket = ?"  # noqa: S608 - constants
        self._base.run_all(sql, [(conference, connector, name) for name in names])

    def _forget(self, conference: str, connector: str) -> None:
        for table in ("connector_tickets", "connector_hints"):
            self._base.run(f"DELETE FROM {table} {_OF}", (conference, connector))  # noqa: S608 - constants

    def _hook(self, secret: str) -> bytes:
        return self._secret.digest("hook", secret, _DIGEST_BYTES)

    def _seal(self, new: NewConnector, whole: Mapping[str, str]) -> bytes:
        return bytes(self._box(new.conference, new.id).encrypt(_json(dict(whole)).encode()))

    def _box(self, conference: str, connector: str) -> SecretBox:
        # Neither id contains a space, so these texts cannot collide.
        return SecretBox(self._secret.digest("connector", f"{conference} {connector}", SecretBox.KEY_SIZE))


def _row(row: Row) -> ConnectorRow:
    conference, name, kind, config, source, organizer, names, has_hook, paused, generation, made, checkpoint = row
    return ConnectorRow(
        conference=conference,
        id=name,
        kind=kind,
        config=config,
        source=source,
        organizer=organizer,
        secret_names=tuple(msgspec.json.decode(names, type=list[str])),
        has_hook=bool(has_hook),
        paused=bool(paused),
        generation=generation,
        made=made,
        checkpoint=msgspec.json.decode(checkpoint, type=Checkpoint),
    )


def _ticket(row: Row) -> Ticket:
    connector, ticket, attendee, has_brought, scans, name, email = row
    return Ticket(
        connector=connector,
        ticket=ticket,
        attendee=attendee,
        has_brought=bool(has_brought),
        name=name,
        email=email,
        scans=msgspec.json.decode(scans, type=tuple[Scan, ...]),
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
