"""How events come in over HTTP: JSON, JSON Lines and CloudEvents."""
