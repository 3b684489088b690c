"""The sources of ``hallway dead-letters``: a running server, or a topic."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Any, Protocol

import msgspec

from services.admission.dead_letter_view import DeadLetterView
from services.cli.connection_options import kafka_access, run_in, run_with_kafka, silence_client_logs
from services.cli.operator.server_client import ask
from services.usage_errors import UnusableError

Json = Mapping[str, Any]


class DeadLetterSource(Protocol):
    """A dead letter has the fields of ``DeadLetterView``; a result those of ``Result``."""

    removed: Mapping[str, int]

    def all(self) -> Iterator[Json]:
        """Yields all, oldest first; afterwards ``removed`` counts the removed ones by cause."""

    def get(self, number: str) -> Json:
        """One dead letter. UnusableError: there is none."""

    def resend(self, number: str, mended: bytes | None, *, dry_run: bool) -> Json:
        """Resends one; returns the outcome, or with ``dry_run`` what it would be."""


class ServerDeadLetters:
    """Over HTTP: the caller's, or for an operator all. Lists are masked; showing one is recorded in the audit log."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.removed: Mapping[str, int] = {}

    def all(self) -> Iterator[Json]:
        """As in the port."""
        after: int | None = 0
        while after is not None:
            page = ask(self._url, "GET", "/v1/dead-letters", params={"after": after})
            yield from page["letters"]
            self.removed, after = page["gone"], page["next"]

    def get(self, number: str) -> Json:
        """As in the port."""
        return dict(ask(self._url, "POST", f"/v1/dead-letters/{_check_number(number)}/show"))

    def resend(self, number: str, mended: bytes | None, *, dry_run: bool) -> Json:
        """As in the port."""
        body = {"dry_run": dry_run, "bytes": None if mended is None else b64encode(mended).decode()}
        return dict(ask(self._url, "POST", f"/v1/dead-letters/{_check_number(number)}/resend", body)["result"])


class TopicDeadLetters:
    """Directly from a Kafka: those that the workers wrote."""

    def __init__(self, kafka: str, prefix: str) -> None:
        self._kafka, self._prefix = kafka_access(kafka, prefix), prefix
        self.removed: Mapping[str, int] = {}

    def all(self) -> Iterator[Json]:
        """As in the port."""
        from services.kafka.dead_letters import list_dead_letters

        async def next_of(found: AsyncGenerator[DeadLetterView[str]]) -> DeadLetterView[str] | None:
            return await anext(found, None)

        silence_client_logs()
        letters = list_dead_letters(self._kafka, self._prefix)
        with asyncio.Runner() as runner:
            try:
                while (shown := run_in(runner, next_of(letters))) is not None:
                    yield msgspec.to_builtins(shown)
            finally:
                runner.run(letters.aclose())

    def get(self, number: str) -> Json:
        """As in the port."""
        from services.kafka.dead_letters import get_dead_letter

        return dict(msgspec.to_builtins(run_with_kafka(get_dead_letter(self._kafka, number, self._prefix))))

    def resend(self, number: str, mended: bytes | None, *, dry_run: bool) -> Json:
        """As in the port."""
        from services.kafka.dead_letters import resend

        result = run_with_kafka(resend(self._kafka, number, mended, prefix=self._prefix, dry_run=dry_run))
        return dict(msgspec.to_builtins(result))


def _check_number(number: str) -> int:
    if not (number.isascii() and number.isdigit()):
        raise UnusableError(
            f"{number} is not the number of a dead letter, such as 12. See `hallway dead-letters list`."
        )
    return int(number)
