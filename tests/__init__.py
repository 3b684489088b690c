"""The tests, a package, so that folders of one name in two places are two modules."""
