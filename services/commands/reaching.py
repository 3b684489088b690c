"""Options of the commands that reach a Kafka, and its troubles as plain sentences.

Owns: what an address looks like. May never: connect.
"""

import asyncio
import logging
import re
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

from cyclopts import Parameter

from services.problems import UnusableError

T = TypeVar("T")

Kafka = Annotated[str, Parameter(help="A Kafka's address, HOST:PORT; several, with commas between, of one cluster.")]
Prefix = Annotated[
    str, Parameter(help="What stands before each topic's name, where several installations share a cluster.")
]
_ADDRESS = re.compile(r"[^\s,:/]+:\d{1,5}(,[^\s,:/]+:\d{1,5})*")
_PREFIX = re.compile(r"[A-Za-z0-9_.\-]{0,100}")


def checked(kafka: str, prefix: str) -> None:
    """UnusableError where one of them is not of its form."""
    if not _ADDRESS.fullmatch(kafka):
        raise UnusableError(f"--kafka {kafka} is not an address such as 127.0.0.1:9092.")
    if not _PREFIX.fullmatch(prefix):
        raise UnusableError("--prefix is of at most 100 characters out of A-Z a-z 0-9 _ . -")


def reached(work: Coroutine[Any, Any, T]) -> T:
    """The result of work with a Kafka; what it cannot do is an UnusableError."""
    from services.kafka.linking import KafkaAwayError, KafkaRefusedError

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what goes wrong is said below, once
    try:
        return asyncio.run(work)
    except (KafkaAwayError, KafkaRefusedError) as error:
        raise UnusableError(str(error)) from None
    except TimeoutError:
        raise UnusableError(
            "Kafka did not do it in time. Try again; `hallway kafka status` tells of a local one."
        ) from None
