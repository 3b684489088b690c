"""Named scenarios: each rule of the contract as a short story with its outputs, on every runner."""
