"""The strength of a tie, from the pair's evidence at one moment. The only place in the model that knows the formula.

    direct = posts between the two + min(posts each way) + 4 for each age in days that a post of theirs has
    common = sum over common contacts c of 1 / contacts(c), and bond the same over those who addressed both
    S      = direct * (1 + 3 bond) + common + 1/5 for each common session of full weight
    score  = S / (S + 20)

All in whole numbers; posts, days and sessions are halved every half-life, by whole days of age.
"""

from collections.abc import Sequence
from dataclasses import dataclass

ONE = 10_000
MOST_CONTACTS = 100


@dataclass(frozen=True)
class ScoreEvidence:
    """What a pair's score may rest on.

    `posts`: (age in whole days, 0 = the first of the pair addressed the second, 1 = the other way round).
    `sessions`: (age of the start in whole days, weight in thousandths); empty without both consents to chats.
    `contacts`: for each common contact, (how many contacts it has, whether it addressed both).
    """

    posts: Sequence[tuple[int, int]] = ()
    sessions: Sequence[tuple[int, int]] = ()
    contacts: Sequence[tuple[int, bool]] = ()
    half_life_days: int = 180


def score(evidence: ScoreEvidence) -> int:
    """0 to 10000, the ten-thousandths of the public score."""
    half_life = evidence.half_life_days
    ways = [sum(_decayed(age, half_life) for age, way in evidence.posts if way == w) for w in (0, 1)]
    days = sum(_decayed(age, half_life) for age in {age for age, _ in evidence.posts})
    direct = sum(ways) + min(ways) + 4 * days
    shares = [(ONE // n if n <= MOST_CONTACTS else 0, to_both) for n, to_both in evidence.contacts]
    common = sum(share for share, _ in shares)
    bond = sum(share for share, to_both in shares if to_both)
    sessions = sum(weight * _decayed(age, half_life) for age, weight in evidence.sessions)
    strength = direct + 3 * direct * bond // ONE + common + 2 * sessions // ONE
    return ONE * strength // (strength + 20 * ONE)


def _decayed(age_days: int, half_life_days: int) -> int:
    """What something of that age weighs, out of ONE; halving whole numbers loses the rest, as it should."""
    halvings, rest = divmod(age_days, half_life_days)
    return round(ONE * 2 ** (-rest / half_life_days)) >> halvings
