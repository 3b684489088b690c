"""Shared by the routes of all audiences: authentication, roles, errors, limits, server-sent events."""
