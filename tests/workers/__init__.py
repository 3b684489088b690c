"""The workers: their pure parts, a simulated Kafka that kills them between any two steps, and Faust's pinned parts."""
