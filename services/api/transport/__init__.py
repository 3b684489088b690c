"""Around every request: bodies within bounds, compression, headers, logs, metrics, connections."""
