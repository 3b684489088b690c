"""The limits that every directory enforces, each with its reason. The unit is last in each name."""

from schemas.times import HOUR_MS, MINUTE_MS

# Accounts and posts.
EVIDENCE_DAYS = 400  # by the contract: how long a post counts, and its id resolves to its token

# Keys.
RESERVED_CONNECTORS = frozenset({"verifier", "clock", "operator"})  # reserved for the server; none comes from outside
KEY_DAYS = 365
MOST_KEY_DAYS = 366  # so that a forgotten key expires
MOST_KEYS = 1_000  # active ones
MOST_SCANNERS = 10_000  # active keys made by organizers; a separate limit, so that they never prevent an operator's key
MOST_KEY_SESSIONS = 10  # of one key; the next replaces the oldest
USED_MS = MINUTE_MS  # the precision of last_used, so that not every request writes

# Attendees' links and sessions.
LINK_DAYS = 14  # mailed with the ticket, opened at the latest at the conference
DEVICE_LINK_MS = 10 * MINUTE_MS  # enough to scan it from a screen with another device
SESSION_DAYS = 180  # from the mail months before to the days after: nobody can hand out a second link
MOST_LINKS = 5  # of one attendee who has not signed in; the next replaces the oldest
MOST_SESSIONS = 10  # of one attendee; more devices need one to be signed out
MOST_SIGN_INS = 20  # stored for one attendee

# Mail.
RECOVERY_LINK_HOURS = 4  # of who has signed in before: they wait for it, and can ask again
MOST_LOST_MAILS = 5  # to one address in a day: anybody can ask for them
MOST_MAILED_LINKS = 20  # in one mail: the newest registrations of an address
MOST_MAILS_WAITING = 100_000  # of the whole server: two mailings to the largest conferences
FIRST_MAIL_HOURS = 72  # how long an organizer's mail is tried; mail servers themselves give up after 2 to 5 days
LOST_MAIL_HOURS = 2  # after that nobody waits for it any more

# Codes that prove an account.
CODE_HOURS = 1
MOST_CODES_AN_HOUR = 5  # of one attendee
MOST_LOOKS = 10  # for one code: each is a request to somebody else's server

# The audit log.
AUDIT_DAYS = 400  # as long as evidence counts
MOST_A_DAY = 1_000  # of one holder: far more than an organizer who corrects letters by hand
PAGE_ENTRIES = 100

# Dead letters and tombstones.
LETTER_KEY_DAYS = 14  # as long as a letter is stored
MOST_BARS = 2_000  # of one erased person: 64 kB; nobody would notice that more are missing
MOST_CLAIMS = 20  # of one person; proved ones have no limit, or somebody with many could choose which are recognized
TOMBSTONE_DAYS = 400  # from the end of the conference: as long as its posts count

# Connectors.
MOST_CONNECTORS = 20  # of a conference: each is a task and a few requests a minute
MOST_HINTS = 1_000  # of one connector, until it has read what they point at; polling finds the rest
HOOK_OVERLAP_MS = 24 * HOUR_MS  # how long a replaced webhook address stays valid
