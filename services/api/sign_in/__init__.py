"""How people get in: a session from a sign-in link or a key, and its end."""
