"""The pages: the attendee's at ``/``, the organizer's, and ``/welcome``, which a sign-in link opens.

Owns: which file is where, and the headers of pages. May never: use a link up, take a secret out of an address, or serve
a file outside of the folder.
"""

import asyncio
import mimetypes
from pathlib import Path

from litestar import Response, get

from services.api.gate import Gate
from services.api.shared.problems import ProblemError
from services.api.shared.roles import EVERYBODY, allow

_ATTENDEE, _ORGANIZER, _LINK = ("index.html", "attendee.html"), ("organizer.html",), ("link.html",)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
_TYPES = {".webmanifest": "application/manifest+json", ".js": "text/javascript", ".mjs": "text/javascript"}
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


async def _file(folder: Path, names: tuple[str, ...], below: str = "", status: int = 200) -> Response[bytes] | None:
    """``below``: what stands before the addresses in a page; scripts know by themselves where they are."""
    for name in names:
        path = folder / name
        if name and not name.startswith(".") and await asyncio.to_thread(_is_in, folder, path):
            kind = _TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
            content = await asyncio.to_thread(path.read_bytes)
            if kind == "text/html":
                content = _placed(content, below)
            return Response(content, media_type=kind, headers=_HEADERS, status_code=status)
    return None


def _placed(page: bytes, below: str) -> bytes:
    return page.replace(b'="/', b'="' + below.encode() + b"/")


def _is_in(folder: Path, path: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve()) and path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _html(page: bytes, below: str, status: int = 200) -> Response[bytes]:
    content = _placed(page, below)
    return Response(content, media_type="text/html", headers=_HEADERS, status_code=status)


@get("/", opt=allow(EVERYBODY), include_in_schema=False)
async def attendee_page(gate: Gate) -> Response[bytes]:
    """The attendee's page."""
    return await _file(gate.static, _ATTENDEE, gate.below) or _html(_NO_PAGE, gate.below)


@get("/organizer", opt=allow(EVERYBODY), include_in_schema=False)
async def organizer_page(gate: Gate) -> Response[bytes]:
    """The organizer's page."""
    return await _file(gate.static, _ORGANIZER, gate.below) or _html(_NO_PAGE, gate.below)


@get("/welcome", opt=allow(EVERYBODY), include_in_schema=False)
async def link_page(gate: Gate) -> Response[bytes]:
    """A page with a button, which alone uses the link up. The secret is in the fragment: it does not come here."""
    return await _file(gate.static, _LINK, gate.below) or _html(_PLAIN_LINK, gate.below)


@get("/m/{link:path}", opt=allow(EVERYBODY), include_in_schema=False)
async def old_link_page(gate: Gate, link: str) -> Response[bytes]:
    """Links that had their secret in the path, where every proxy may log it, are not taken any more."""
    return await _file(gate.static, _LINK, gate.below, 410) or _html(_OLD_LINK, gate.below, 410)


@get(["/{name:str}", "/static/{path:path}"], opt=allow(EVERYBODY), include_in_schema=False)
async def static_file(gate: Gate, name: str = "", path: str = "") -> Response[bytes]:
    """A file of the pages."""
    found = await _file(gate.static, (name or path.lstrip("/"),), gate.below)
    if found is None and name == "link.js":
        return Response(_PLAIN_SCRIPT, media_type="text/javascript", headers=_HEADERS)
    if found is None:
        raise ProblemError(404, "page", "There is no such page. Begin at /.")
    return found


ROUTES = [attendee_page, organizer_page, link_page, old_link_page, static_file]
