"""Mastodon and what speaks its API, read from several servers: posts with the conference's hashtags."""

from services.connectors.mastodon.kind import MASTODON

__all__ = ["MASTODON"]
