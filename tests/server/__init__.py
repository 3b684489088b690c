"""``hallway serve`` as a process: killed, starved of its disk and of its Redis, under load, ended."""
