"""Drawn histories: by a seed, for simulations, and by Hypothesis, which makes a failing one small.

Owns: how often what happens. May never: know what a step means (see `steps`).
"""

from random import Random

from hypothesis import strategies as st

from tests.histories.choices import KINDS, SHIFTS, WAITS, Json, Setting, Step
from tests.histories.steps import told

# Weights in the order of the lists: what makes matches often, what ends everything seldom.
_KIND_WEIGHTS = [6, 18, 30, 20, 8, 24, 6, 5, 14, 3, 4, 7, 2, 2, 2, 7, 3, 1.2, 2, 0.2, 8, 3.5, 7]
_WAIT_WEIGHTS = [70, 6, 12, 8, 8, 10, 4, 1.5, 0.4, 0.2, 0.1, 0.1]
_SHIFT_WEIGHTS = [70, 3, 6, 4, 4, 3, 2, 3, 1, 1, 0.5, 0.5, 3, 1]
_EVIDENCE_DAYS = [400, 400, 400, 400, 7, 1]
_MOST = 31  # of who, whom, pick, more: enough for every choice, small enough to read


def history(seed: int, size: int) -> list[Json]:
    """The events of `size` drawn steps, the same for the same seed."""
    random = Random(seed)
    people = random.choice([2, 3, 4, 4, 5, 6])
    setting = Setting(
        people=people,
        policy=random.randint(0, 7),
        evidence_days=random.choice(_EVIDENCE_DAYS),
        chats=random.randint(0, 4),
        opens_after=random.choice([0, 0, 0, 1, 5]),
        absent=random.choice([0, 0, 0, random.getrandbits(people)]),
        unverified=random.choice([0, 0, 0, random.getrandbits(people)]),
        talks=random.choice([63, 63, 0, random.getrandbits(people)]),
        recorded=random.random() < 0.8,
    )
    return told(setting, [_step(random) for _ in range(size)])


def _step(random: Random) -> Step:
    [kind] = random.choices(KINDS, _KIND_WEIGHTS)
    [wait] = random.choices(range(len(WAITS)), _WAIT_WEIGHTS)
    [shift] = random.choices(range(len(SHIFTS)), _SHIFT_WEIGHTS)
    return Step(kind, wait, shift, *(random.randint(0, _MOST) for _ in range(4)))


_number = st.integers(0, _MOST)
_kinds = [kind for kind, weight in zip(KINDS, _KIND_WEIGHTS, strict=True) for _ in range(max(1, round(weight)))]
_waits = [n for n, weight in enumerate(_WAIT_WEIGHTS) for _ in range(max(1, round(weight)))]
_shifts = [n for n, weight in enumerate(_SHIFT_WEIGHTS) for _ in range(max(1, round(weight)))]

steps = st.builds(
    Step,
    kind=st.sampled_from(_kinds),
    wait=st.sampled_from(_waits),
    shift=st.sampled_from(_shifts),
    who=_number,
    whom=_number,
    pick=_number,
    more=_number,
)
settings_of_a_history = st.builds(
    Setting,
    people=st.integers(2, 6),
    policy=st.integers(0, 7),
    evidence_days=st.sampled_from(_EVIDENCE_DAYS),
    chats=st.integers(0, 4),
    opens_after=st.sampled_from([0, 0, 0, 1, 5]),
    absent=st.sampled_from([0, 0, 1, 2, 5]),
    unverified=st.sampled_from([0, 0, 1, 2, 5]),
    talks=st.sampled_from([63, 63, 0, 0, 1, 5]),
    recorded=st.sampled_from([True, True, False]),
)


def histories(most_steps: int = 60) -> st.SearchStrategy[list[Json]]:
    """The events of up to `most_steps` steps."""
    return st.builds(told, settings_of_a_history, st.lists(steps, max_size=most_steps))
