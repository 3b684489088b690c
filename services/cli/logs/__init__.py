"""Commands on recorded logs: `replay` and its comparison, `ties`, `explain`, `export`, `simulate`."""
