"""The gateway's side of Kafka: what is accepted is appended there, and read from a copy of the log here."""

from services.kafka.gateway.limits import Limits
from services.kafka.gateway.runner import OnKafka

__all__ = ["Limits", "OnKafka"]
