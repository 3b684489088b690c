"""The inboxes in Redis or Valkey: keys, scripts, the connection, and an embedded server."""
