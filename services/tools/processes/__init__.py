"""Processes of servers that Hallway starts: tied to the life of whoever wanted them, known again, ended."""
