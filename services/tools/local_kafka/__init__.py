"""A real Kafka of one node on this machine, without Docker or an installed Java."""

from services.tools.local_kafka.jars import KafkaError
from services.tools.local_kafka.node import LocalKafka

__all__ = ["KafkaError", "LocalKafka"]
