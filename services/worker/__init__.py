"""The workers' ports on a real Kafka and Redis, and what ``hallway work`` puts together."""
