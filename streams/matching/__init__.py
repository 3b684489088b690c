"""Matches as a pure fold of one conference's log. See ``engine`` for the fold, ``ties`` for who knows whom."""

from streams.matching.engine import ENGINE_VERSION, Matcher

__all__ = ["ENGINE_VERSION", "Matcher"]
