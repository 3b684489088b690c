"""What the engine knows of posts and chat sessions, and when it stops to count."""
