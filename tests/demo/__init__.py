"""The demo: its data, its script, and a play on the pages."""
