"""The worker processes: their composition root, and the workers' ports on a real Kafka and Redis."""
