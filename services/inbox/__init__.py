"""The serving store: attendees' inboxes and presence counters, in Redis or in memory; all of it made from the log."""
