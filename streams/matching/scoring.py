"""How strong a tie is, in ten-thousandths: exact integers, no floats.

    direct = posts between the two + min(posts each way) + 4 for each day on which they talked
    common = sum over common contacts c of 1 / contacts(c)
    bond   = the same sum over those c who addressed both
    S      = direct * (1 + 3 bond) + common + 1/5 for each full-weight common session
    score  = S / (S + 20)

Responsibility: the formula. Who knows whom is decided in ``ties``; second-order evidence ranks ties, it never makes
one.
Invariants: more evidence of the pair never lowers the score: it changes neither the contacts of a common contact nor
whom that one addressed, and every term only grows.
Why: posts, days and sessions are halved every ``half_life_days``, by whole days of age. A contact with more than 100
contacts counts for nothing. Weighing a contact by its own number of contacts follows Adamic and Adar, "Friends and
neighbors on the Web" (2003), with 1/n instead of 1/log n. The constants were chosen on real posts
(docs/adr/0005-score.md).
"""

from decimal import Context, Decimal
from functools import lru_cache

ONE = 10_000
PER_DAY = 4
BOND = 3
MAX_CONTACTS = 100
HALF_AT = 20 * ONE
SESSION = 2  # of a session's thousandths: a session of full weight counts a fifth of a post


@lru_cache(maxsize=64)  # one table a half-life; a policy names one
def _decay_table(half_life_days: int) -> tuple[int, ...]:
    """``ONE`` decayed to its half over that many days, one entry a day.

    Decimal's exp and ln are correctly rounded, so the table is the same everywhere.
    """
    exact = Context(prec=40)
    step = exact.divide(Decimal(2).ln(exact), Decimal(half_life_days))
    days = (exact.multiply(step, Decimal(-day)).exp(exact) for day in range(half_life_days))
    return tuple(int(exact.multiply(day, Decimal(ONE)).to_integral_value()) for day in days)


def decay(age_days: int, half_life_days: int) -> int:
    """The weight of a post of that age, out of ``ONE``."""
    return _decay_table(half_life_days)[age_days % half_life_days] >> (age_days // half_life_days)


def direct(out: list[int], back: list[int], half_life_days: int) -> int:
    """The weight of a conversation: the ages in days of the posts one way, and of those the other way."""
    table = _decay_table(half_life_days)
    there, here, days = 0, 0, 0
    for age in out:
        there += table[age % half_life_days] >> (age // half_life_days)
    for age in back:
        here += table[age % half_life_days] >> (age // half_life_days)
    for age in {*out, *back}:
        days += table[age % half_life_days] >> (age // half_life_days)
    return there + here + min(there, here) + PER_DAY * days


def contact_weight(contacts: int) -> int:
    """The weight of a common contact that has that many contacts."""
    return ONE // contacts if contacts <= MAX_CONTACTS else 0


def score(direct: int, common: int, bond: int, sessions: int) -> int:
    """The score in ten-thousandths. ``sessions``: decayed weights of the common sessions, thousandths times ``ONE``."""
    strength = direct + BOND * direct * bond // ONE + common + SESSION * sessions // ONE
    return ONE * strength // (strength + HALF_AT)
