"""Erasure of a person or of a whole conference, everywhere: logs, directory, inboxes, dead letters."""
