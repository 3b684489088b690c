"""What routes of several audiences have in common: authentication, roles, errors, limits, server-sent events."""
