"""The directory: one test class per port, on a file and in memory."""
