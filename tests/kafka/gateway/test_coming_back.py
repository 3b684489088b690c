"""Who was erased and comes back, with the log in Kafka: the same must hold as in one process."""

from tests.api.coming_back import what_others_decided_holds
from tests.api.people import opened
from tests.kafka.gateway.conftest import Place
from tests.kafka.gateway.test_conference_erasing import working


def test_blocks_and_declines_hold_for_who_comes_back(place: Place) -> None:
    with place.ready() as server, working(place):
        what_others_decided_holds(server, opened(server), same_mail=True)
