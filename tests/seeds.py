"""Seeds of random histories: a few for every commit, the rest for the whole suite."""

import pytest
from _pytest.mark.structures import ParameterSet


def seeds(quick: int, whole: int) -> list[ParameterSet]:
    """The numbers below ``whole``; those from ``quick`` on are slow."""
    return [pytest.param(seed, marks=pytest.mark.slow if seed >= quick else ()) for seed in range(whole)]
