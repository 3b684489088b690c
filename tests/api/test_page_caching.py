"""Files of the pages in a browser's store: asked for again each time, and sent again only when they are others."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from services.api.pages.answers import POLICY, matches
from services.server.composition import Settings, open_server
from tests.api.in_process import QUIET, run_to_end
from tests.api.people import Server

PATHS = ("/", "/organizer", "/welcome", "/worker.js", "/static/base.css", "/static/manifest.webmanifest")
pytestmark = QUIET


@asynccontextmanager
async def pages(folder: Path, address: str) -> AsyncIterator[httpx.AsyncClient]:
    """The pages of ``folder / "static"``."""
    async with open_server(Settings(folder / "data", static=folder / "static"), address) as server:
        transport = httpx.ASGITransport(app=server.app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://hallway.example") as client:
            yield client


def written(folder: Path, **files: str) -> None:
    """Files of pages, all of one time."""
    (folder / "static").mkdir(exist_ok=True)
    for name, content in files.items():
        path = folder / "static" / name.replace("_", ".")
        path.write_text(content)
        os.utime(path, (1, 1))


@pytest.mark.parametrize("path", PATHS)
def test_who_has_it_already_is_not_sent_it_again(server: Server, path: str) -> None:
    http = server.client()
    first = http.get(path)
    tag = first.headers["etag"]
    assert (first.status_code, tag[0], tag[-1], len(first.content) > 50) == (200, '"', '"', True)
    for same in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = http.get(path, headers={"if-none-match": same})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), same
        assert again.headers["cache-control"] == "no-cache"
        assert again.headers["content-security-policy"] == POLICY
        assert "content-length" not in again.headers
    other = http.get(path, headers={"if-none-match": '"other"'})
    assert (other.status_code, other.content) == (200, first.content)


@pytest.mark.parametrize("path", PATHS)
def test_head_has_the_tag_and_304_too(server: Server, path: str) -> None:
    http = server.client()
    got, head = http.get(path), http.head(path)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", got.headers["etag"])
    assert head.headers["content-length"] == str(len(got.content))
    assert http.head(path, headers={"if-none-match": got.headers["etag"]}).status_code == 304


def test_nothing_but_a_page_is_answered_so(server: Server) -> None:
    http = server.client()
    for path in ("/nothing.js", "/static/nothing.js", "/m/x"):
        answer = http.get(path, headers={"if-none-match": "*"})
        assert answer.status_code in (404, 410), path
        assert "etag" not in answer.headers


@run_to_end
async def test_another_file_of_the_same_length_and_time_is_sent(tmp_path: Path) -> None:
    """As in two images that are built the same way, whose files all have one time."""
    written(tmp_path, base_css="a { color: red }", attendee_html='<a href="/x">red</a>')
    async with pages(tmp_path, "http://hallway.example") as client:
        for path in ("/static/base.css", "/base.css", "/", "/static/attendee.html"):
            written(tmp_path, base_css="a { color: red }", attendee_html='<a href="/x">red</a>')
            before = await client.get(path)
            written(tmp_path, base_css="a { color: tan }", attendee_html='<a href="/x">tan</a>')
            after = await client.get(path, headers={"if-none-match": before.headers["etag"]})
            assert (after.status_code, after.content) == (200, before.content.replace(b"red", b"tan")), path


@run_to_end
async def test_below_a_path_every_page_leads_below_it(tmp_path: Path) -> None:
    written(tmp_path, attendee_html='<a href="/x">', base_css='a[href="/x"] { color: red }')
    async with pages(tmp_path, "http://hallway.example/meet") as client:
        for path in ("/meet/", "/meet/attendee.html", "/meet/static/attendee.html", "/static/attendee.html"):
            answer = await client.get(path)
            assert answer.text == '<a href="/meet/x">', path
            assert answer.headers["content-length"] == str(len(answer.content))
            again = await client.get(path, headers={"if-none-match": answer.headers["etag"]})
            assert again.status_code == 304
        assert (await client.get("/meet/static/base.css")).text == 'a[href="/x"] { color: red }'


@run_to_end
async def test_no_file_outside_is_served_and_no_hidden_one(tmp_path: Path) -> None:
    written(tmp_path, base_css="a {}")
    (tmp_path / "secret.css").write_text("secret")
    (tmp_path / "static" / ".env").write_text("secret")
    (tmp_path / "static" / "link.css").symlink_to(tmp_path / "secret.css")
    async with pages(tmp_path, "http://hallway.example") as client:
        assert (await client.get("/static/base.css")).text == "a {}"
        names = ("link.css", ".env", "%2e%2e/secret.css", "..%2fsecret.css", "x%00.css", "x" * 600, "")
        for path in [f"{before}{name}" for name in names for before in ("/static/", "/")]:
            answer = await client.get(path)
            if path != "/":
                assert answer.status_code == 404, path
            assert "secret" not in answer.text, path


@pytest.mark.parametrize(
    ("asked", "is_same"),
    [("", False), ('"a"', True), ('W/"a"', True), ('"b", "a"', True), ('"b" ,W/"a"', True), ("*", True), ("a", False)],
)
def test_a_list_of_tags(asked: str, *, is_same: bool) -> None:
    assert matches(asked, '"a"') is is_same
