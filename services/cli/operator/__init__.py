"""Commands of operators: keys, inboxes, dead letters, audit log; in a data folder or through a running server."""
