"""Laws of the fold, over random histories: what must hold whatever happens."""
