"""The gateway on Kafka: it appends accepted events to topics, and answers from a read replica of the log."""

from services.kafka.gateway.limits import Limits
from services.kafka.gateway.runner import KafkaRunner

__all__ = ["KafkaRunner", "Limits"]
