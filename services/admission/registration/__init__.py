"""How people are registered: from a file or one by one, also those who return after an erasure."""
