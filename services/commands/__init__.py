"""The commands over recorded streams: replay, ties, explain, simulate, schema; and the one that serves."""
