"""Bluesky, read from a Jetstream: posts of people who opted in, or posts with the conference's hashtags."""

from services.connectors.bluesky.kind import BLUESKY

__all__ = ["BLUESKY"]
