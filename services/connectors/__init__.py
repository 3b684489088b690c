"""Connectors: what brings events from other systems into a conference, each in a folder of its own."""
