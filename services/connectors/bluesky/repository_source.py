"""Fetches a person's repository from their own server, which their DID names.

Invariants: both servers are contacted by the rules of ``source_client``: public, https, no redirects, bounded.
Source: atproto.com/specs/did, and the lexicon ``com.atproto.sync.getRepo``.
"""

import re

import msgspec
from msgspec import Struct, field

from services.connectors.bluesky.repository import RepositoryError
from services.connectors.source_client import Address, Answer, NoAnswerError, SourceClient, read_address

PLC = "https://plc.directory"
_PLC_DID = re.compile(r"did:plc:[a-z2-7]{24}")
_WEB_DID = re.compile(r"did:web:([a-z0-9.-]{1,253})")
_DID_DOCUMENT, _CAR = "application/did+ld+json, application/json", "application/vnd.ipld.car"
_LATER = "Try again later, or upload the file that your server exports."


class _Service(Struct):
    id: str = ""
    type: str = ""
    endpoint: str = field(name="serviceEndpoint", default="")


class _Document(Struct):
    id: str = ""
    service: list[_Service] = []


class RepositorySource:
    """``plc``: the address of the directory of ``did:plc``."""

    def __init__(self, client: SourceClient, plc: str = PLC) -> None:
        self._client, self._plc = client, read_address(plc)

    async def fetch(self, did: str) -> bytes:
        """The repository as a CAR file. RepositoryError."""
        server = await self._server_of(did)
        answer = await self._get(server, "/xrpc/com.atproto.sync.getRepo", {"did": did}, _CAR)
        if answer.status != 200:
            raise RepositoryError(f"Your server does not hand out your posts (status {answer.status}). {_LATER}")
        return answer.body

    async def _server_of(self, did: str) -> Address:
        """The address of the server that has the repository."""
        web = _WEB_DID.fullmatch(did)
        if web is not None:
            at, path = read_address(f"https://{web[1]}"), "/.well-known/did.json"
        elif _PLC_DID.fullmatch(did):
            at, path = self._plc, f"/{did}"
        else:
            raise RepositoryError("This account has no server that can be found. Upload the file that it exports.")
        answer = await self._get(at, path, {}, _DID_DOCUMENT)
        try:
            document = msgspec.json.decode(answer.body, type=_Document)
            (found,) = [each for each in document.service if each.id in ("#atproto_pds", f"{did}#atproto_pds")]
            if answer.status != 200 or document.id != did:
                raise ValueError
            return read_address(found.endpoint)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
            raise RepositoryError(f"Your account does not say which server has its posts. {_LATER}") from None

    async def _get(self, at: Address, path: str, params: dict[str, str], accept: str) -> Answer:
        try:
            return await self._client.get(at, path, params, {"accept": accept})
        except NoAnswerError as error:
            raise RepositoryError(f"Your server cannot be read. {error} {_LATER}") from None
