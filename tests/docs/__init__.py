"""The documents say what is true: their commands run, and what they name exists."""
