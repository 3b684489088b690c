"""The commands over recorded streams: replay, ties, explain, simulate, schema. They read, fold and write; no service."""
