"""Who is who: names, contacts, keys, and the tokens that stand for accounts and posts in the log."""
