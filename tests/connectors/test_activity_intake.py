"""Posts that a connector brings: each once, in its own conference alone, and deleted only where a log has them."""

from pathlib import Path
from typing import Any

from services.connectors.intake_ports import Origin
from services.connectors.port import Activity, Audience, PostDeleted, PostSeen, Unreadable
from services.server import connector_ports
from tests.api.in_process import QUIET, Inside, inside, run_to_end
from tests.api.people import ALL, CONFERENCE, OPENING, good
from tests.connectors.connected import Connected

pytestmark = QUIET

ADA, BOB, EVE = "bsky:did:plc:ada", "bsky:did:plc:bob", "bsky:did:plc:eve"
ORIGIN = Origin(CONFERENCE, "sky", "org-1", "https://jetstream.example")


def post(number: int, actor: str = ADA, **fields: Any) -> PostSeen:
    return PostSeen(f"bsky:at://{actor[5:]}/app.bsky.feed.post/{number}", actor, 1_790_000_000_000 + number, **fields)


def deletion(of: PostSeen, actor: str | None = None) -> PostDeleted:
    return PostDeleted(of.id, actor or of.actor, of.at + 1)


async def take(found: Inside, *items: Activity | Unreadable, origin: Origin = ORIGIN) -> dict[str, int]:
    async def save(_: object) -> None:
        raise AssertionError("there are no tickets")

    intake = found.parts.connectors._around.intake
    return dict((await intake.take(origin, items, "c1", found.parts.clock(), save)).counts)


@run_to_end
async def test_a_post_counts_once_and_goes_to_its_own_conference_alone(tmp_path: Path) -> None:
    async with inside(tmp_path) as found:
        good(await found.organizer.put("/v1/conferences/conf-2", json=OPENING))  # it tracks the same hashtag
        first, second = post(1, hashtags=("hitsm",), mentions=(BOB,), reply_to=BOB), post(2, hashtags=("hitsm",))
        assert await take(found, first, second, first) == {"posts": 2, "duplicates": 1}
        assert await take(found, second) == {"duplicates": 1}
        rows = Connected(found).log("activity.posted")
        assert [(row["source"], row["hashtags"], len(row["mentions"])) for row in rows] == [
            ("connector:sky", ["hitsm"], 1),
            ("connector:sky", ["hitsm"], 0),
        ]
        assert not [row for row in found.parts.journal.read("conf-2", 0) if b"activity" in row.line]
        text = b"".join(row.line for row in found.parts.journal.read(CONFERENCE, 0))
        assert b"did:plc" not in text  # the log has tokens


@run_to_end
async def test_a_deletion_counts_for_a_known_post_of_its_author(tmp_path: Path) -> None:
    async with inside(tmp_path) as found:
        one, other = post(1, hashtags=("hitsm",)), post(2, EVE, hashtags=("hitsm",))
        strange = deletion(post(7, BOB))
        assert await take(found, strange, one, deletion(one)) == {"posts": 1, "deletions": 1}
        assert await take(found, other) == {"posts": 1}
        assert await take(found, deletion(other, ADA)) == {}  # nobody deletes somebody else's post
        assert await take(found, deletion(one), deletion(other)) == {"duplicates": 1, "deletions": 1}
        rows = Connected(found).log("activity.posted", "activity.deleted")
        assert [row.get("deleted") for row in rows] == [None, rows[0]["id"], None, rows[2]["id"]]
        assert found.parts.directory.accounts.count_unknown({BOB}) == 1  # a stranger's deletion leaves no trace


def test_connectors_of_two_conferences_with_one_name_share_no_budget() -> None:
    other = Origin("conf-2", "sky", "org-2", ORIGIN.source)
    assert connector_ports._reader(ORIGIN).key != connector_ports._reader(other).key


@run_to_end
async def test_a_post_from_the_future_is_rejected_and_the_others_are_taken(tmp_path: Path) -> None:
    async with inside(tmp_path) as found:
        late = PostSeen("bsky:at://x/y/9", ADA, found.parts.clock() + 3_600_000)
        assert await take(found, late, post(1)) == {"rejected": 1, "posts": 1}


@run_to_end
async def test_the_audience_is_who_proved_an_account_and_consents(tmp_path: Path) -> None:
    async with inside(tmp_path) as found:
        audience_of = found.parts.connectors._around.audience_of
        assert await audience_of(CONFERENCE) == Audience(frozenset({"hitsm"}))
        assert await audience_of("unknown") == Audience()
        client = found.client()
        made = await found.registered("ada", accounts=[ADA], consent=ALL)
        assert (await audience_of(CONFERENCE)).accounts == frozenset()  # a claim is no proof
        good(await client.post("/v1/session", json={"link": made["link"].partition("#")[2]}))
        found.reader.shown[ADA] = [good(await client.post("/v1/me/accounts", json={"account": ADA}))["text"]]
        assert good(await client.post("/v1/me/accounts/check", json={"account": ADA})) == {"state": "verified"}
        audience = await audience_of(CONFERENCE)
        assert audience.accounts == {ADA}
        assert audience.mark == (await audience_of(CONFERENCE)).mark != ""
        good(await client.patch("/v1/me/consent", json={"matching": False}))
        assert (await audience_of(CONFERENCE)).accounts == frozenset()
        good(await found.organizer.post(f"/v1/conferences/{CONFERENCE}/close"))
        assert await audience_of(CONFERENCE) == Audience()
