"""Rate limits: a burst, then a steady rate; exact waits; bounded memory; senders do not affect each other."""

from hypothesis import given
from hypothesis import strategies as st

from services.admission.rate_limits import MINUTE_US, RATES, Limiter, Rate, network_of


class Ticker:
    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


def test_a_burst_then_one_at_a_time_and_the_wait_is_the_wait() -> None:
    clock = Ticker()
    limiter = Limiter(Rate(burst=3, per_minute=6), clock)
    assert [limiter.wait("a") for _ in range(5)] == [0, 0, 0, 10, 10]
    assert limiter.wait("b") == 0
    clock.now += 9_999_999
    assert limiter.wait("a") == 1
    clock.now += 1
    assert [limiter.wait("a"), limiter.wait("a")] == [0, 10]
    clock.now += 10 * MINUTE_US
    assert [limiter.wait("a", 3), limiter.wait("a")] == [0, 10]


def test_memory_is_bounded_and_the_longest_unused_goes() -> None:
    clock = Ticker()
    limiter = Limiter(Rate(burst=1, per_minute=1), clock, most=10)
    for n in range(100):
        assert limiter.wait(str(n)) == 0
    assert len(limiter) == 10
    assert limiter.wait("99") > 0


def test_what_is_owed_is_waited_for_and_never_more_than_two_bursts() -> None:
    clock = Ticker()
    limiter = Limiter(Rate(burst=3, per_minute=6), clock)
    limiter.owe("a", 2)
    assert limiter.wait("a", 0) == 0
    limiter.owe("a", 2)
    assert [limiter.wait("a", 0), limiter.wait("b", 0)] == [10, 0]
    limiter.owe("a", 1_000)
    assert limiter.wait("a", 0) == 30
    clock.now += 30_000_000
    assert [limiter.wait("a", 0), limiter.wait("a")] == [0, 10]


@given(
    rate=st.builds(Rate, burst=st.integers(1, 50), per_minute=st.integers(1, 5_000)),
    steps=st.lists(st.tuples(st.integers(0, 5_000_000), st.integers(1, 5)), max_size=60),
)
def test_never_more_than_burst_and_pace_and_waiting_always_helps(rate: Rate, steps: list[tuple[int, int]]) -> None:
    clock = Ticker()
    limiter = Limiter(rate, clock)
    taken = 0
    for gap, asked in steps:
        clock.now += gap
        cost = min(asked, rate.burst)
        wait = limiter.wait("a", cost)
        if wait:
            clock.now += wait * 1_000_000
            assert limiter.wait("a", cost) == 0
        taken += cost
        assert taken <= rate.burst + clock.now * rate.per_minute / MINUTE_US + 1e-6


def test_every_rate_can_be_made() -> None:
    for rate in RATES.values():
        assert Limiter(rate, Ticker()).wait("a", rate.burst) == 0


def test_a_client_is_counted_by_what_is_its_own() -> None:
    assert network_of("192.0.2.7") == network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("192.0.2.7") != network_of("192.0.2.8")
    assert network_of("2001:db8:0:1::7") == network_of("2001:db8:0:1:ffff::8") == "2001:db8:0:1::/64"
    assert network_of("2001:db8:0:1::7") != network_of("2001:db8:0:2::7")
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert network_of("") == network_of("unknown, 192.0.2.7") == network_of("x" * 9_999)
