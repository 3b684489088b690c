"""Sign-in and sign-out: a session from a sign-in link or a key, and its end."""
