"""The workers: their pure parts, a simulated Kafka that kills them between every two steps, and Faust held fast."""
