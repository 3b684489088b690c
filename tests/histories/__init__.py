"""Whole histories of one conference, drawn to be hard: disorder, doubles, contested accounts, coarse times."""
