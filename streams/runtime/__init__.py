"""What every runner of the matcher shares, whether its logs are in a journal or in Kafka."""
