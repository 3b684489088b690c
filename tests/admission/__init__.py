"""Tests of admission: authorization, pseudonymization, CSV import, rate limits."""
