"""The tables, as migrations: each a tuple of statements that is run once, in one transaction.

Owns: the two schemas. May never: change a migration that was released; add one.
Theory: what names a person is in one small file, rewritten whole (VACUUM) at each erasure, because SQLite's
``secure_delete`` alone leaves stale copies in pages that were split or merged (seen: 1 in 2,000 deleted rows).
The many post ids are in another file, under keys that are in the first: there, nothing is to be read anyway.
"""

PEOPLE = (
    (
        """CREATE TABLE people (
            conference TEXT NOT NULL, attendee TEXT NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL,
            picture TEXT NOT NULL, show_name INTEGER NOT NULL, show_picture INTEGER NOT NULL,
            PRIMARY KEY (conference, attendee)) STRICT, WITHOUT ROWID""",
        "CREATE UNIQUE INDEX people_email ON people (conference, email) WHERE email <> ''",
        """CREATE TABLE contacts (
            conference TEXT NOT NULL, attendee TEXT NOT NULL, channel TEXT NOT NULL, address TEXT NOT NULL,
            PRIMARY KEY (conference, attendee, channel, address)) STRICT, WITHOUT ROWID""",
        """CREATE TABLE preferences (
            conference TEXT NOT NULL, attendee TEXT NOT NULL, value TEXT NOT NULL,
            PRIMARY KEY (conference, attendee)) STRICT, WITHOUT ROWID""",
        # AUTOINCREMENT: an erased account's number never comes again.
        """CREATE TABLE accounts (
            number INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL UNIQUE, token TEXT NOT NULL UNIQUE,
            seal BLOB NOT NULL, seen INTEGER NOT NULL) STRICT""",
        """CREATE TABLE holdings (
            conference TEXT NOT NULL, attendee TEXT NOT NULL, token TEXT NOT NULL, how TEXT NOT NULL,
            ever_verified INTEGER NOT NULL, PRIMARY KEY (conference, attendee, token)) STRICT, WITHOUT ROWID""",
        "CREATE INDEX holdings_token ON holdings (token)",
        """CREATE TABLE grants (
            id TEXT PRIMARY KEY, digest BLOB NOT NULL, kind TEXT NOT NULL, role TEXT NOT NULL, subject TEXT NOT NULL,
            conferences TEXT NOT NULL, checkins INTEGER NOT NULL, made INTEGER NOT NULL, expires INTEGER NOT NULL,
            last_used INTEGER, revoked INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID""",
        "CREATE INDEX grants_subject ON grants (role, subject)",
        """CREATE TABLE codes (
            conference TEXT NOT NULL, attendee TEXT NOT NULL, account TEXT NOT NULL, digest BLOB NOT NULL,
            made INTEGER NOT NULL, expires INTEGER NOT NULL, looks INTEGER NOT NULL, open INTEGER NOT NULL) STRICT""",
        "CREATE INDEX codes_attendee ON codes (conference, attendee)",
        # Erasures on their way: here until everybody else has erased too.
        """CREATE TABLE erasures (
            conference TEXT NOT NULL, attendee TEXT NOT NULL, accounts TEXT NOT NULL, kept TEXT NOT NULL,
            numbers TEXT NOT NULL, PRIMARY KEY (conference, attendee)) STRICT, WITHOUT ROWID""",
        "CREATE TABLE gone (digest BLOB PRIMARY KEY, day INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    ),
    # of a session: the key that it came from, so that both end together
    ("ALTER TABLE grants ADD COLUMN parent TEXT NOT NULL DEFAULT ''",),
    # AUTOINCREMENT: by age, also when the newest were taken out.
    (
        """CREATE TABLE letter_keys (
            number INTEGER PRIMARY KEY AUTOINCREMENT, name BLOB NOT NULL UNIQUE, key BLOB NOT NULL,
            day INTEGER NOT NULL) STRICT""",
    ),
    # of a connector: made by an organizer, whose word does not reach beyond the own conference
    ("ALTER TABLE grants ADD COLUMN only_checkins INTEGER NOT NULL DEFAULT 0",),
    # Several persons may have one address, where one ordered for a group.
    ("DROP INDEX people_email", "CREATE INDEX people_email ON people (conference, email) WHERE email <> ''"),
    # One name of a network, as ``schemas.names`` has it. Where both names were in use, the other one's row stays.
    (
        "UPDATE OR IGNORE accounts SET account = 'x:' || substr(account, 9) WHERE account LIKE 'twitter:%'",
        "UPDATE OR IGNORE accounts SET account = 'bsky:' || substr(account, 9) WHERE account LIKE 'bluesky:%'",
    ),
)

POSTS = (
    (
        # digest: of the id, under the author's seal. account: accounts.number of the author.
        """CREATE TABLE posts (
            digest INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, account INTEGER NOT NULL,
            until INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT""",
        "CREATE INDEX posts_account ON posts (account)",
        "CREATE INDEX posts_until ON posts (until)",
    ),
    (
        # In the order in which they come: a batch is then written to a few pages, not to one a row (half the work).
        "ALTER TABLE posts RENAME TO posts_by_digest",
        "DROP INDEX posts_account",
        "DROP INDEX posts_until",
        """CREATE TABLE posts (
            number INTEGER PRIMARY KEY, digest INTEGER NOT NULL UNIQUE, token TEXT NOT NULL UNIQUE,
            account INTEGER NOT NULL, until INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT""",
        "CREATE INDEX posts_account ON posts (account)",
        "CREATE INDEX posts_until ON posts (until)",
        "INSERT INTO posts SELECT NULL, digest, token, account, until, sealed FROM posts_by_digest",
        "DROP TABLE posts_by_digest",
    ),
    (
        # Tokens are digests from here on, and rows in the order of their days of expiry: see ``posts``.
        "ALTER TABLE posts RENAME TO earlier_posts",
        """CREATE TABLE posts (
            number INTEGER PRIMARY KEY, token BLOB NOT NULL, account INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT""",
    ),
)
