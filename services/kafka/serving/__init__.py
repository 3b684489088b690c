"""The gateway's side of Kafka: what is accepted is appended there, and read from a copy of the log here."""

from services.kafka.serving.limits import Limits
from services.kafka.serving.runner import OnKafka

__all__ = ["Limits", "OnKafka"]
