"""The documents are correct: their commands run, and what they name exists."""
