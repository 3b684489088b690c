"""Around every request: bounded bodies, decompression, headers, logs, metrics, connections."""
