"""Server processes that Hallway starts: tied to the life of their owner, identified, stopped."""
