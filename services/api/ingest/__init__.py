"""Event ingestion over HTTP: JSON, JSON Lines and CloudEvents."""
