"""Inboxes made again on an operator's word where the delivery worker makes them."""

import redis

from services.inbox.redis.keys import Keys
from tests.api.people import good, opened, until
from tests.kafka.gateway.conftest import Place
from tests.kafka.gateway.test_conference_erasing import STAYS, pair, working


def test_the_delivery_worker_makes_again_what_somebody_changed(place: Place) -> None:
    where = f"/v1/conferences/{STAYS}/inboxes"
    with working(place), place.ready() as server, redis.Redis.from_url(place.redis_url) as store:
        ada, _ = pair(server, opened(server, STAYS), STAYS)
        (before,) = ada.cards()
        store.delete(*Keys(STAYS).of(ada.id))
        assert ada.cards() == []
        operator = server.client("operator")
        assert operator.post(f"{where}/rebuild").status_code == 202
        until(lambda: good(operator.get(where))["state"] == "ready", 30)
        assert ada.cards() == [before]
