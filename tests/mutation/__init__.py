"""Mutation testing of the engine: it is changed in one place at a time, and some test must notice.

The changes are cosmic-ray's. `noise` says which of them are left out, `equivalent.toml` which cannot be noticed.
"""
