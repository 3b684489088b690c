"""The directory of people: names, contacts, keys, and the tokens that stand for accounts and posts in the log."""
