"""Matches as a pure fold of one conference's log. See ``engine`` for the fold, ``ties`` for who knows whom."""

from streams.matching.engine import ENGINE_VERSION, Matcher
from streams.matching.explanation.listing import ties_of

__all__ = ["ENGINE_VERSION", "Matcher", "ties_of"]
