"""What each port promises: one test class a port, run on every adapter. An adapter is added in ``conftest.py``."""
