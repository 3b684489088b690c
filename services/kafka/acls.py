"""What each program of an installation may do in Kafka: the least that it needs, declared once and set as ACLs.

Invariants: no program may create, change or delete a topic, or use another program's group. Rights are only added here;
the cluster's operator removes them (``kafka-acls.sh --remove``).
Why: whoever takes over one program should not be able to write what another decides: a gateway no matches, a delivery
no log, a router no outputs.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, get_args

from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest
from msgspec import Struct

from schemas.topics import ACTIVITY, CONFERENCE_LOG, DEAD_LETTERS, MATCHES, SNAPSHOT_CHUNKS, SNAPSHOTS, TOPICS
from services.kafka.access import Access
from services.kafka.clients import KafkaRefusedError, admin_client

Program = Literal["router", "matcher", "delivery", "gateway"]
PROGRAMS: tuple[Program, ...] = get_args(Program)
ANSWER_S = 30.0
_STATE = (SNAPSHOTS, SNAPSHOT_CHUNKS)

# Kafka's numbers (org.apache.kafka.common.acl.AclOperation, …resource.ResourceType, …PatternType).
_TOPIC, _GROUP = 2, 3
_LITERAL, _ALLOW = 3, 3
_READ, _WRITE, _DESCRIBE, _DESCRIBE_CONFIGS = 3, 4, 8, 10
_NOT_OURS, _NO_AUTHORIZER = 31, 54  # error codes


class Rights(Struct, frozen=True):
    """Topics that a program reads and writes; whether it is in the group ``hallway.PROGRAM``."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]
    has_group: bool = True


RIGHTS: dict[Program, Rights] = {
    "router": Rights((ACTIVITY, CONFERENCE_LOG, *_STATE), (CONFERENCE_LOG, DEAD_LETTERS, *_STATE)),
    # the log: ticks
    "matcher": Rights((CONFERENCE_LOG, MATCHES, *_STATE), (CONFERENCE_LOG, MATCHES, DEAD_LETTERS, *_STATE)),
    "delivery": Rights((MATCHES, CONFERENCE_LOG, *_STATE), (DEAD_LETTERS, *_STATE)),
    "gateway": Rights((CONFERENCE_LOG, DEAD_LETTERS), (ACTIVITY, CONFERENCE_LOG, DEAD_LETTERS), has_group=False),
}


class Acl(Struct, frozen=True):
    """One right, in Kafka's numbers; all are literal names, from any host."""

    kind: int
    name: str
    user: str
    operation: int


def acls(program: Program, user: str, prefix: str = "") -> Iterator[Acl]:
    """All ACLs of a program. Every program may describe every topic, to compare its settings with the declared ones."""
    rights = RIGHTS[program]
    for topic in TOPICS:
        for operation in (_DESCRIBE, _DESCRIBE_CONFIGS):
            yield Acl(_TOPIC, prefix + topic.name, user, operation)
    for names, operation in ((rights.reads, _READ), (rights.writes, _WRITE)):
        for name in names:
            yield Acl(_TOPIC, prefix + name, user, operation)
    if rights.has_group:
        yield Acl(_GROUP, f"{prefix}hallway.{program}", user, _READ)


async def allow(access: Access, users: Mapping[Program, str], prefix: str = "") -> int:
    """Grants each program's user its rights; returns how many. Idempotent.

    UnavailableError; KafkaRefusedError: the cluster has no ACLs, or this user may not set any.
    """
    count = 0
    async with admin_client(access, ANSWER_S) as admin:
        for program, user in users.items():
            for acl in acls(program, user, prefix):
                request = CreateAclsRequest(
                    acl.kind, acl.name, _LITERAL, f"User:{acl.user}", "*", acl.operation, _ALLOW
                )
                answer = await admin._send_to_controller(request)  # aiokafka has the request, but no method for it
                for code, _ in answer.creation_responses:
                    if code:
                        raise KafkaRefusedError(_refusal(code))
                count += 1
    return count


def _refusal(code: int) -> str:
    if code == _NOT_OURS:
        return "This user may not grant rights. Log in as one of the cluster's super.users."
    if code == _NO_AUTHORIZER:
        return "This Kafka has no authorizer, so every user may do everything. Set authorizer.class.name first."
    return f"No rights were granted: {for_code(code).__name__}."
