"""The port of inboxes, in memory and in Redis."""

from tests.contract.inboxes.cards import Cards
from tests.contract.inboxes.delivery import Delivery
from tests.contract.inboxes.erasing import Erasing
from tests.contract.inboxes.following import Following
from tests.contract.inboxes.reading import Reading
from tests.contract.inboxes.rebuilding import Rebuilding
from tests.contract.inboxes.shares import Shares


class TestInboxes(Delivery, Reading, Cards, Following, Rebuilding, Erasing, Shares):
    """What every store of inboxes promises."""
