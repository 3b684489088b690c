"""Routes for operators: keys, the audit log, rebuilding inboxes."""
