"""The port of the directory, in SQLite: on a disk and in memory."""

from tests.contract.directory.audit_log import AuditLog
from tests.contract.directory.codes import Codes
from tests.contract.directory.connectors import Connectors
from tests.contract.directory.dead_letter_keys import DeadLetterKeys
from tests.contract.directory.erasing import Erasing
from tests.contract.directory.holdings import Holdings
from tests.contract.directory.keys import Keys
from tests.contract.directory.outbox import Outbox
from tests.contract.directory.people import People
from tests.contract.directory.sessions import Sessions
from tests.contract.directory.tokens import Tokens
from tests.contract.directory.tombstones import Tombstones


class TestDirectory(
    AuditLog, Holdings, People, Tokens, Keys, Sessions, Codes, Tombstones, DeadLetterKeys, Erasing, Connectors, Outbox
):
    """What every directory promises."""
