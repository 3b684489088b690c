"""Hallway and a real Kafka."""
