"""Reads what accounts show publicly on other networks, from addresses that it is safe to contact."""
