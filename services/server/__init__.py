"""The server process: its composition root, its log backends, and its background tasks."""
