"""Which products of an event let a person in: a T-shirt or a parking space is no attendee."""

from collections.abc import Callable, Collection

from schemas.times import MINUTE_MS
from services.connectors.port import NeedsAttentionError
from services.connectors.pretix.client import PretixClient
from services.connectors.pretix.config import PretixConfig
from services.connectors.pretix.payloads import Named, Product

REFRESH_MS = 10 * MINUTE_MS
MOST_PAGES = 100  # 5,000 products


class Products:
    """The products by what pretix says, read again now and then."""

    def __init__(self, client: PretixClient, config: PretixConfig, clock: Callable[[], int]) -> None:
        self._client, self._config, self._clock = client, config, clock
        self._read_at: int | None = None
        self._admitted: Collection[int] | None = None

    async def admitted(self) -> Collection[int] | None:
        """The products that let a person in; None: all, where the token may not read products."""
        now = self._clock()
        if self._read_at is None or now - self._read_at >= REFRESH_MS:
            self._admitted = await self._read()
            self._read_at = now
        return self._admitted

    async def _read(self) -> Collection[int] | None:
        listed: set[int] = set()
        for each in self._config.lists:
            found = await self._client.one(Named, f"/checkinlists/{each.list}/")
            if found is None:
                raise NeedsAttentionError(f"pretix has no check-in list {each.list} in this event. Choose another one.")
            listed |= set() if found.all_products else set(found.limit_products)
        products: list[Product] = []
        try:
            async for rows in self._client.rows(Product, "/items/", MOST_PAGES):
                products += rows
        except NeedsAttentionError:
            return None  # orders and scans say enough, if the token may read those
        return listed | {product.id for product in products if product.admission}
