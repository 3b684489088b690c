"""A believable conference as JSONL, the same bytes for the same arguments: ``hallway simulate``."""

from services.tools.simulation.conference import expected_events, simulate

__all__ = ["expected_events", "simulate"]
