"""A real Kafka of one node on this machine, without Docker and without a Java of its own."""

from services.kafka.broker.jars import KafkaError
from services.kafka.broker.local import LocalKafka

__all__ = ["KafkaError", "LocalKafka"]
