"""Kafka: a local broker, the declared topics, what is written to them and read from them."""
