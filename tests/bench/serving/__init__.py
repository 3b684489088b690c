"""Benchmarks of ``hallway serve``, each beside a bare peer in the same run."""
