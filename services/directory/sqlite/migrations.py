"""The tables, as migrations: each is a tuple of statements that runs once, in one transaction.

Invariants: a released migration never changes; add a new one.
Why: what names a person is in one small file that is rewritten as a whole (VACUUM) at each erasure, because SQLite's
``secure_delete`` alone leaves stale copies in pages that were split or merged (seen: 1 in 2,000 deleted rows). The many
post ids are in another file, encrypted with keys from the first, so nothing there is readable anyway.
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
    # Whose first sign-in has been gets no link from an organizer any more; those who have a session are such people.
    (
        """CREATE TABLE sign_ins (
            conference TEXT NOT NULL, attendee TEXT NOT NULL, number INTEGER NOT NULL, session TEXT NOT NULL,
            device TEXT NOT NULL, made INTEGER NOT NULL, PRIMARY KEY (conference, attendee, number))
            STRICT, WITHOUT ROWID""",
        "ALTER TABLE grants ADD COLUMN device TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE grants ADD COLUMN became TEXT NOT NULL DEFAULT ''",  # of a link: its session
        "ALTER TABLE grants ADD COLUMN seen INTEGER NOT NULL DEFAULT 0",  # of a session: the last sign-in it dismissed
        """INSERT INTO sign_ins SELECT json_extract(conferences, '$[0]'), subject,
            row_number() OVER (PARTITION BY conferences, subject ORDER BY made, id), id, '', made
            FROM grants WHERE kind = 'session' AND role = 'attendee'""",
        # No session any more, but what only a session does.
        """INSERT OR IGNORE INTO sign_ins SELECT conference, attendee, 1, '', '', 1000 * strftime('%s', 'now') FROM
            (SELECT conference, attendee FROM holdings WHERE ever_verified UNION
             SELECT conference, attendee FROM contacts UNION SELECT conference, attendee FROM preferences)""",
        """UPDATE grants SET seen = (SELECT max(number) FROM sign_ins WHERE attendee = subject
            AND conference = json_extract(conferences, '$[0]')) WHERE kind = 'session' AND role = 'attendee'""",
        """DELETE FROM grants WHERE kind = 'link' AND EXISTS (SELECT 1 FROM sign_ins WHERE attendee = subject
            AND conference = json_extract(conferences, '$[0]'))""",
    ),
    # of a code that was found: the verifications that the log is still to have
    ("ALTER TABLE codes ADD COLUMN proof TEXT NOT NULL DEFAULT '{}'",),
    (
        # digest: of an address or account. person: random, holds one person's together. binds: their bars hold for
        # whoever has this. conference: a digest, so that nothing of an erased one can be read. See ``tombstones``.
        """CREATE TABLE tombstones (
            digest BLOB NOT NULL, person BLOB NOT NULL, binds INTEGER NOT NULL, conference BLOB NOT NULL,
            day INTEGER NOT NULL, PRIMARY KEY (digest, person)) STRICT, WITHOUT ROWID""",
        "CREATE INDEX tombstones_conference ON tombstones (conference)",
        "CREATE TABLE bars (person BLOB NOT NULL, bar BLOB NOT NULL, PRIMARY KEY (person, bar)) STRICT, WITHOUT ROWID",
        """CREATE TABLE leaving (
            conference TEXT NOT NULL, attendee TEXT NOT NULL, person BLOB NOT NULL, binds INTEGER NOT NULL,
            PRIMARY KEY (conference, attendee)) STRICT, WITHOUT ROWID""",
        """CREATE TABLE waiting (
            conference TEXT NOT NULL, attendee TEXT NOT NULL, accounts TEXT NOT NULL,
            PRIMARY KEY (conference, attendee)) STRICT, WITHOUT ROWID""",
        # One for each conference (or sender) and day; what was sealed with one of each letter's own is gone with those.
        "DROP TABLE letter_keys",
        """CREATE TABLE letter_keys (
            name BLOB PRIMARY KEY, key BLOB NOT NULL, conference TEXT NOT NULL, sender TEXT NOT NULL,
            day INTEGER NOT NULL, UNIQUE (conference, sender, day)) STRICT, WITHOUT ROWID""",
        "ALTER TABLE gone ADD COLUMN conference BLOB NOT NULL DEFAULT x''",
        # the day on which somebody was added; of those from before: unknown, so any
        "ALTER TABLE people ADD COLUMN since INTEGER NOT NULL DEFAULT 0",
    ),
    # Several persons may have one address, where one ordered for a group.
    ("DROP INDEX people_email", "CREATE INDEX people_email ON people (conference, email) WHERE email <> ''"),
    # One name of a network, as ``schemas.names`` has it. Where both names were in use, the other one's row stays.
    (
        "UPDATE OR IGNORE accounts SET account = 'x:' || substr(account, 9) WHERE account LIKE 'twitter:%'",
        "UPDATE OR IGNORE accounts SET account = 'bsky:' || substr(account, 9) WHERE account LIKE 'bluesky:%'",
    ),
    (
        # sealed: the secrets, encrypted. hook: a digest of the webhook's address; the earlier one is valid until then.
        # checkpoint: how far it has read. generation: a run with earlier settings stores nothing more.
        """CREATE TABLE connectors (
            conference TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, config TEXT NOT NULL, source TEXT NOT NULL,
            organizer TEXT NOT NULL, secret_names TEXT NOT NULL, sealed BLOB NOT NULL, hook BLOB, earlier_hook BLOB,
            earlier_until INTEGER, paused INTEGER NOT NULL, generation INTEGER NOT NULL, made INTEGER NOT NULL,
            checkpoint TEXT NOT NULL, PRIMARY KEY (conference, id)) STRICT, WITHOUT ROWID""",
        """CREATE TABLE connector_tickets (
            conference TEXT NOT NULL, connector TEXT NOT NULL, ticket TEXT NOT NULL, attendee TEXT NOT NULL,
            has_brought INTEGER NOT NULL, scans TEXT NOT NULL, PRIMARY KEY (conference, connector, ticket))
            STRICT, WITHOUT ROWID""",
        "CREATE INDEX connector_tickets_attendee ON connector_tickets (conference, attendee)",
        """CREATE TABLE connector_hints (
            number INTEGER PRIMARY KEY, conference TEXT NOT NULL, connector TEXT NOT NULL, hint TEXT NOT NULL,
            UNIQUE (conference, connector, hint)) STRICT""",
    ),
    (
        # address: a keyed digest. links: of a claimed mail, the ids of its links. due: of a settled one, when that was.
        """CREATE TABLE mails (
            number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, conference TEXT NOT NULL,
            attendee TEXT NOT NULL, address BLOB NOT NULL, state TEXT NOT NULL, made INTEGER NOT NULL,
            due INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0, links TEXT NOT NULL DEFAULT '[]') STRICT""",
        "CREATE UNIQUE INDEX mails_first ON mails (conference, attendee) WHERE kind = 'first'",
        "CREATE INDEX mails_due ON mails (kind DESC, due, number) WHERE state = 'waiting'",
        "CREATE INDEX mails_address ON mails (address) WHERE kind = 'lost'",
        # by address alone too: somebody who lost their link names no conference
        "DROP INDEX people_email",
        "CREATE INDEX people_email ON people (email, conference) WHERE email <> ''",
        # 0: somebody else changed the address after the first sign-in, so it proves nothing
        "ALTER TABLE people ADD COLUMN recovers INTEGER NOT NULL DEFAULT 1",
    ),
    (
        # The holder when the ticket became theirs; of tickets from before: as they are now.
        "ALTER TABLE connector_tickets ADD COLUMN name TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE connector_tickets ADD COLUMN email TEXT NOT NULL DEFAULT ''",
        """UPDATE connector_tickets SET (name, email) = (people.name, people.email) FROM people
            WHERE people.conference = connector_tickets.conference AND people.attendee = connector_tickets.attendee""",
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

AUDIT = (
    (
        # AUTOINCREMENT: a number never comes again, so that a reader who goes on after one misses nothing.
        """CREATE TABLE audit (
            number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, role TEXT NOT NULL, subject TEXT NOT NULL,
            holder TEXT NOT NULL, action TEXT NOT NULL, what INTEGER NOT NULL) STRICT""",
        "CREATE INDEX audit_subject ON audit (role, subject, at)",
    ),
)
