"""`make bench-kafka`: Hallway's workers beside other readers, on one broker, in one run."""
