"""The kinds of connectors. Adding one takes a folder of its own and one line here: see CONTRIBUTING.md."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Union

import msgspec
from msgspec import Struct

from services.connectors.bluesky import BLUESKY
from services.connectors.mastodon import MASTODON
from services.connectors.port import Check, Connector, ConnectorKind, Context, TestReport
from services.connectors.pretix import PRETIX
from services.connectors.source_client import SourceClient
from services.directory.port import ConnectorRow

TEST_S = 60.0  # for all steps of a test together
KINDS: tuple[ConnectorKind, ...] = (PRETIX, BLUESKY, MASTODON)

BY_NAME: Mapping[str, ConnectorKind] = {kind.name: kind for kind in KINDS}
if TYPE_CHECKING:
    AnyConfig = Struct
else:
    AnyConfig = Union[tuple(kind.config for kind in KINDS)]  # noqa: UP007 - of a tuple


def config_of(row: ConnectorRow) -> Any:
    """The settings of a stored connector."""
    return msgspec.json.decode(row.config, type=BY_NAME[row.kind].config)


def kind_of(config: Struct) -> ConnectorKind:
    """The kind of these settings."""
    return BY_NAME[str(config.__struct_config__.tag)]


def open_connector(row: ConnectorRow, secrets: Mapping[str, str], context: Context) -> Connector:
    """The connector of a row."""
    return BY_NAME[row.kind].open(config_of(row), secrets, context)


async def try_connection(
    config: Struct, secrets: Mapping[str, str], client: SourceClient, clock: Callable[[], int]
) -> TestReport:
    """Tries settings without storing anything. ValueError: the address cannot be read."""

    async def nothing(*_: object) -> Collection[str]:
        return ()

    async def wait(_: float) -> None:
        return None

    context = Context(client=client, clock=clock, known=nothing, hints=nothing, wait=wait)
    try:
        async with asyncio.timeout(TEST_S):
            return await kind_of(config).open(config, secrets, context).test()
    except TimeoutError:
        return TestReport((Check("It answers too slowly. Try again later.", is_good=False),))
