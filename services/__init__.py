"""The outside world: the command line, connectors, stores, the gateway; each behind the streams, never before them."""
