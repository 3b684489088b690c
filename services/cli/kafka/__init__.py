"""Commands about Kafka: a local one, the topics, `tail`, `backfill`, and the workers."""
