"""Kafka: access, declared topics, readers and writers, and the gateway's runner on a Kafka log."""
