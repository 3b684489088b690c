"""The durable log, seen through its port and through its file."""
