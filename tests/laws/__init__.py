"""Laws of the fold, checked over random histories: properties that always hold."""
