"""The door: who may say what, and in which words it reaches the log."""
