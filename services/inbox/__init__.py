"""The serving store: attendees' inboxes, in Redis or in memory; all of it made from the log."""
