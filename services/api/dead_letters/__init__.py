"""Dead letters over HTTP: listed in masked form, shown in full, resent."""
