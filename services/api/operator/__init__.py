"""What operators ask: keys, the audit log, rebuilding inboxes."""
