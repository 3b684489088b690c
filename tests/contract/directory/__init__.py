"""What every directory promises, part by part; ``tests.contract.test_directory`` puts them together."""
