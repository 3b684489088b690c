"""Connectors: settings, sealed secrets, checkpoints with what they cover, webhook addresses."""

import pytest

from services.directory.port import (
    HOOK_OVERLAP_MS,
    MOST_CONNECTORS,
    MOST_HINTS,
    Checkpoint,
    ConnectorRow,
    Directory,
    NewConnector,
    Scan,
    Ticket,
)
from tests.contract.directory.steps import erase, moved_in
from tests.directory.conftest import Clock


def new(name: str = "shop", conference: str = "hims", source: str = "s1", **secrets: str) -> NewConnector:
    return NewConnector(
        conference=conference,
        id=name,
        kind="pretix",
        config='{"kind": "pretix"}',
        source=source,
        organizer="org-1",
        secrets=secrets,
    )


def ticket(name: str, attendee: str, *scans: Scan, connector: str = "shop") -> Ticket:
    return Ticket(
        connector=connector,
        ticket=name,
        attendee=attendee,
        has_brought=name == "1",
        name=f"Holder {name}",
        email=f"{name}@example.org",
        scans=scans,
    )


def read(directory: Directory, row: ConnectorRow) -> ConnectorRow:
    found = directory.connectors.get(row.conference, row.id)
    assert found is not None
    return found


class Connectors:
    """Connectors of conferences."""

    def test_settings_are_found_without_secrets(self, directory: Directory) -> None:
        row = directory.connectors.put(new(key="t0p"))
        assert (row.kind, row.organizer, row.secret_names, row.paused) == ("pretix", "org-1", ("key",), False)
        assert "t0p" not in str(row)
        assert directory.connectors.of("hims") == directory.connectors.all() == [row]
        assert directory.connectors.of("vive") == []
        assert directory.connectors.secrets_of("hims", "shop") == {"key": "t0p"}
        assert directory.connectors.secrets_of("vive", "shop") == {}

    def test_a_secret_is_replaced_and_otherwise_stays(self, directory: Directory) -> None:
        directory.connectors.put(new(key="first", other="o"))
        directory.connectors.put(new())
        assert directory.connectors.secrets_of("hims", "shop") == {"key": "first", "other": "o"}
        directory.connectors.put(new(key="second"))
        assert directory.connectors.secrets_of("hims", "shop") == {"key": "second", "other": "o"}

    def test_another_source_gets_neither_the_secrets_nor_the_checkpoint(self, directory: Directory) -> None:
        """Or whoever may replace the address could have the token sent to themselves."""
        row = directory.connectors.put(new(key="first"))
        assert directory.connectors.save(row, Checkpoint(cursor="7"), [ticket("1", "a1")])
        row = directory.connectors.put(new(source="elsewhere"))
        assert directory.connectors.secrets_of("hims", "shop") == {}
        assert (row.secret_names, row.checkpoint) == ((), Checkpoint())
        assert directory.connectors.tickets("hims", "shop", ["1"]) == {}

    def test_a_checkpoint_comes_with_what_it_covers(self, directory: Directory) -> None:
        row = directory.connectors.put(new())
        scan = Scan("5", 1_000, is_entry=False, place="hall-a", group="1", leaves="place")
        checkpoint = Checkpoint(cursor="9", counts={"check_ins": 2}, seen_at=5, event_at=4, history_since=3)
        assert directory.connectors.save(row, checkpoint, [ticket("1", "a1", scan), ticket("2", "a2")])
        assert read(directory, row).checkpoint == checkpoint
        assert directory.connectors.tickets("hims", "shop", ["1", "3"]) == {"1": ticket("1", "a1", scan)}
        assert directory.connectors.tickets_of("hims", ["a1", "a2"]) == [ticket("1", "a1", scan), ticket("2", "a2")]
        directory.connectors.delete_tickets("hims", "shop", ["1"])
        assert directory.connectors.tickets_of("hims", ["a1", "a2"]) == [ticket("2", "a2")]

    def test_whom_the_organizer_registers_no_ticket_brought(self, directory: Directory) -> None:
        """Also where a run stores what it had read before."""
        row, other = directory.connectors.put(new()), directory.connectors.put(new("other"))
        elsewhere = directory.connectors.put(new(conference="vive"))
        mine, theirs = ticket("1", "a1"), ticket("1", "a2")
        directory.connectors.save(row, Checkpoint(), [mine])
        directory.connectors.save(other, Checkpoint(), [ticket("1", "a1", connector="other")])
        directory.connectors.save(elsewhere, Checkpoint(), [mine])
        directory.connectors.release("hims", ["a1", "a9"])
        directory.connectors.save(row, Checkpoint(), [mine])
        found = directory.connectors.tickets_of("hims", ["a1"])
        assert [(each.connector, each.has_brought) for each in found] == [("other", False), ("shop", False)]
        assert directory.connectors.tickets("vive", "shop", ["1"]) == {"1": mine}
        directory.connectors.save(row, Checkpoint(), [theirs])  # it was passed on
        assert directory.connectors.tickets("hims", "shop", ["1"]) == {"1": theirs}

    @pytest.mark.parametrize("change", ["replaced", "paused", "deleted"])
    def test_a_run_with_earlier_settings_stores_nothing(self, directory: Directory, change: str) -> None:
        row = directory.connectors.put(new())
        match change:
            case "replaced":
                directory.connectors.put(new())
            case "paused":
                assert directory.connectors.set_paused("hims", "shop", paused=True)
            case _:
                assert directory.connectors.delete("hims", "shop")
        assert not directory.connectors.save(row, Checkpoint(cursor="9"), [ticket("1", "a1")])
        assert directory.connectors.tickets("hims", "shop", ["1"]) == {}

    def test_pausing_stays_and_ends(self, directory: Directory) -> None:
        row = directory.connectors.put(new())
        assert directory.connectors.set_paused("hims", "shop", paused=True)
        assert directory.connectors.put(new()).paused
        assert directory.connectors.set_paused("hims", "shop", paused=False)
        assert not read(directory, row).paused
        assert not directory.connectors.set_paused("hims", "nobody", paused=True)

    def test_a_deleted_one_leaves_nothing(self, directory: Directory) -> None:
        row = directory.connectors.put(new(key="t"))
        hook = directory.connectors.new_hook("hims", "shop")
        assert hook is not None
        directory.connectors.save(row, Checkpoint(cursor="9"), [ticket("1", "a1")])
        directory.connectors.add_hint("hims", "shop", "h")
        assert directory.connectors.delete("hims", "shop")
        assert not directory.connectors.delete("hims", "shop")
        assert directory.connectors.by_hook(hook) is None
        assert directory.connectors.new_hook("hims", "shop") is None
        again = directory.connectors.put(new())
        assert (again.checkpoint, again.secret_names, again.has_hook) == (Checkpoint(), (), False)
        assert directory.connectors.tickets("hims", "shop", ["1"]) == {}
        assert directory.connectors.hints("hims", "shop") == []

    def test_an_address_of_a_webhook_leads_to_its_connector(self, directory: Directory, clock: Clock) -> None:
        for name in ("shop", "other"):
            directory.connectors.put(new(name))
        first, other = (directory.connectors.new_hook("hims", name) for name in ("shop", "other"))
        assert first is not None
        assert other is not None
        second = directory.connectors.new_hook("hims", "shop")
        assert second is not None
        found = [directory.connectors.by_hook(each) for each in (first, second, other, "guessed", "")]
        assert [None if row is None else row.id for row in found] == ["shop", "shop", "other", None, None]
        clock.now += HOOK_OVERLAP_MS
        assert directory.connectors.by_hook(first) is None
        assert directory.connectors.by_hook(second) is not None

    def test_hints_wait_until_they_were_read(self, directory: Directory) -> None:
        row = directory.connectors.put(new())
        for hint in ("b", "a", "b"):
            assert directory.connectors.add_hint("hims", "shop", hint)
        assert directory.connectors.hints("hims", "shop") == ["b", "a"]
        directory.connectors.save(row, Checkpoint(), hints=["b"])
        assert directory.connectors.hints("hims", "shop") == ["a"]
        for number in range(MOST_HINTS - 1):
            assert directory.connectors.add_hint("hims", "shop", str(number))
        assert not directory.connectors.add_hint("hims", "shop", "one more")

    def test_there_are_not_too_many(self, directory: Directory) -> None:
        for number in range(MOST_CONNECTORS):
            directory.connectors.put(new(f"shop-{number}"))
        with pytest.raises(ValueError, match="at most"):
            directory.connectors.put(new("one-more"))
        directory.connectors.put(new("shop-1"))
        directory.connectors.put(new("one-more", "vive"))

    def test_tickets_go_with_their_person_and_all_with_the_conference(self, directory: Directory, clock: Clock) -> None:
        row = directory.connectors.put(new(key="t"))
        kept = directory.connectors.put(new(conference="vive"))
        who, _ = moved_in(directory, "canary", clock.now)
        directory.connectors.save(row, Checkpoint(), [ticket("1", who), ticket("2", "a2")])
        directory.connectors.add_hint("hims", "shop", "h")
        erase(directory, "hims", who)
        assert set(directory.connectors.tickets("hims", "shop", ["1", "2"])) == {"2"}
        directory.erase_conference("hims")
        assert directory.connectors.all() == [kept]
        assert directory.connectors.tickets("hims", "shop", ["1", "2"]) == {}
        assert directory.connectors.hints("hims", "shop") == []
