"""Speed and memory against named peers: ``python -m tests.bench [NAME ...]``."""
