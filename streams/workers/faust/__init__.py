"""What runs a handler in Faust: the only place that knows it."""
