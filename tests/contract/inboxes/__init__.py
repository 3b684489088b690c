"""What every store of inboxes promises, part by part; ``tests.contract.test_inboxes`` puts them together."""
