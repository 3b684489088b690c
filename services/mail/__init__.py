"""Sends sign-in links by mail: settings, texts, the connection to the mail server, and the sender of the outbox."""
