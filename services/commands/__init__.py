"""The commands over recorded streams: replay, ties, explain, simulate, schema. Reading, folding, writing; no service."""
