"""The HTTP gateway: authenticates callers, ingests events, and serves attendees, organizers and operators."""
