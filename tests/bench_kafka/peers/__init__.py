"""One reader a file, each run as a process of its own: reads the topic to its end, writes what it took as JSON."""
