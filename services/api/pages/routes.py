"""Routes of the pages: the attendee's at ``/``, the organizer's, and ``/welcome``, which a sign-in link opens.

Invariants: opening a page neither uses up a link nor reads a secret from an address.
"""

import mimetypes
from collections.abc import Callable
from typing import Any

from litestar import Request, Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.static_files import create_static_files_router

from services.api.pages.answers import PageAnswers
from services.api.pages.files import PageFiles
from services.api.shared.injection import Injected
from services.api.shared.problems import Problem, ProblemError, response
from services.api.shared.roles import EVERYBODY, allow

_ATTENDEE, _ORGANIZER, _LINK = ("index.html", "attendee.html"), ("organizer.html",), ("link.html",)
_NO_PAGE = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Hallway</title>
<p>Hallway runs. Its pages are not installed; the addresses are in <a href="/schema/openapi.json">openapi.json</a>."""
_PLAIN_LINK = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Hallway</title>
<meta name="viewport" content="width=device-width"><h1>Hallway</h1><p>Sign in on this device.</p>
<button id="in">Sign in</button><p id="said" role="status"></p><script src="/link.js"></script>"""
_PLAIN_SCRIPT = b"""document.getElementById('in').onclick = async () => {
  const link = location.hash.slice(1);
  const answer = await fetch('v1/session', {method: 'POST', headers: {'content-type': 'application/json'},
    body: JSON.stringify({link})});
  if (answer.ok) location.replace('./');
  else document.getElementById('said').textContent = (await answer.json()).detail;
};
"""
_OLD_LINK = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Hallway</title>
<meta name="viewport" content="width=device-width"><h1>Hallway</h1>
<p>This link is of an older kind and does not work any more. Ask your organizer for a new one."""


async def _page(files: PageFiles, names: tuple[str, ...], otherwise: bytes, status: int = 200) -> Response[bytes]:
    """The first of these files that exists, or ``otherwise``."""
    for name in names:
        content = await files.read(name)
        if content is not None:
            return Response(content, media_type="text/html", status_code=status)
    return Response(files.place(otherwise), media_type="text/html", status_code=status)


@get("/")
async def attendee_page(page_files: Injected[PageFiles]) -> Response[bytes]:
    """The attendee's page."""
    return await _page(page_files, _ATTENDEE, _NO_PAGE)


@get("/organizer")
async def organizer_page(page_files: Injected[PageFiles]) -> Response[bytes]:
    """The organizer's page."""
    return await _page(page_files, _ORGANIZER, _NO_PAGE)


@get("/welcome")
async def link_page(page_files: Injected[PageFiles]) -> Response[bytes]:
    """A page whose button uses the link up. The secret is in the fragment, so it is not sent to the server."""
    return await _page(page_files, _LINK, _PLAIN_LINK)


@get("/m/{link:path}")
async def old_link_page(page_files: Injected[PageFiles], link: str) -> Response[bytes]:
    """Old links had their secret in the path, where every proxy may log it; they no longer work."""
    return await _page(page_files, _LINK, _OLD_LINK, 410)


@get("/{name:str}")
async def top_file(page_files: Injected[PageFiles], name: str) -> Response[bytes]:
    """A file at the top level, where the service worker must be: its scope is what is below its own address."""
    content = await page_files.read(name)
    if content is None and name == "link.js":
        content = _PLAIN_SCRIPT
    if content is None:
        raise _no_page()
    return Response(content, media_type=mimetypes.guess_type(name)[0] or "application/octet-stream")


def _no_page() -> ProblemError:
    return ProblemError(404, "page", "There is no such page. Start at /.")


def _not_found(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    return response(_no_page())


_NOT_FOUND: dict[int | type[Exception], Callable[..., Response[Problem]]] = {NotFoundException: _not_found}


def routers(files: PageFiles) -> list[Router]:
    """The routes of the pages, and below ``/static`` their files."""
    pages = Router(
        "/",
        route_handlers=[attendee_page, organizer_page, link_page, old_link_page, top_file],
        opt=allow(EVERYBODY),
        middleware=[PageAnswers],
        include_in_schema=False,
    )
    static = create_static_files_router(
        "/static",
        directories=[files.folder],
        file_system=files,
        opt=allow(EVERYBODY),
        middleware=[PageAnswers],
        exception_handlers=_NOT_FOUND,
        include_in_schema=False,
    )
    return [pages, static]
