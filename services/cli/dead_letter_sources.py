"""Where ``hallway dead-letters`` finds them: a running server, or a topic.

Owns: the two ways, alike to the command. May never: print.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Any, Protocol

import msgspec

from services.admission.dead_letter_view import DeadLetterView
from services.cli.connection_options import checked, quiet_clients, reached, reached_in
from services.cli.server_client import ask
from services.usage_errors import UnusableError

Json = Mapping[str, Any]


class Letters(Protocol):
    """A letter has the fields of ``DeadLetterView``; a result those of its ``Result``."""

    gone: Mapping[str, int]

    def all(self) -> Iterator[Json]:
        """Oldest first; then ``gone`` says how many are no more, by their causes."""

    def one(self, number: str) -> Json:
        """UnusableError where there is none."""

    def resend(self, number: str, mended: bytes | None, *, dry_run: bool) -> Json:
        """What became of it, or would."""


class OfServer:
    """Over HTTP: of the caller, or to an operator all. Lists are masked; the server notes who is shown one whole."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.gone: Mapping[str, int] = {}

    def all(self) -> Iterator[Json]:
        """As in the port."""
        after: int | None = 0
        while after is not None:
            page = ask(self._url, "GET", "/v1/dead-letters", params={"after": after})
            yield from page["letters"]
            self.gone, after = page["gone"], page["next"]

    def one(self, number: str) -> Json:
        """As in the port."""
        return dict(ask(self._url, "POST", f"/v1/dead-letters/{_numeral(number)}/show"))

    def resend(self, number: str, mended: bytes | None, *, dry_run: bool) -> Json:
        """As in the port."""
        body = {"dry_run": dry_run, "bytes": None if mended is None else b64encode(mended).decode()}
        return dict(ask(self._url, "POST", f"/v1/dead-letters/{_numeral(number)}/resend", body)["result"])


class OfTopic:
    """Straight from a Kafka: those that the workers wrote."""

    def __init__(self, kafka: str, prefix: str) -> None:
        self._kafka, self._prefix = checked(kafka, prefix), prefix
        self.gone: Mapping[str, int] = {}

    def all(self) -> Iterator[Json]:
        """As in the port."""
        from services.kafka.dead_letters import listed

        async def following(found: AsyncGenerator[DeadLetterView[str]]) -> DeadLetterView[str] | None:
            return await anext(found, None)

        quiet_clients()
        letters = listed(self._kafka, self._prefix)
        with asyncio.Runner() as runner:
            try:
                while (shown := reached_in(runner, following(letters))) is not None:
                    yield msgspec.to_builtins(shown)
            finally:
                runner.run(letters.aclose())

    def one(self, number: str) -> Json:
        """As in the port."""
        from services.kafka.dead_letters import one

        return dict(msgspec.to_builtins(reached(one(self._kafka, number, self._prefix))))

    def resend(self, number: str, mended: bytes | None, *, dry_run: bool) -> Json:
        """As in the port."""
        from services.kafka.dead_letters import resend

        result = reached(resend(self._kafka, number, mended, prefix=self._prefix, dry_run=dry_run))
        return dict(msgspec.to_builtins(result))


def _numeral(number: str) -> int:
    if not (number.isascii() and number.isdigit()):
        raise UnusableError(f"{number} is not the number of a letter here, such as 12; `list` tells them.")
    return int(number)
