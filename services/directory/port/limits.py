"""The limits that every directory enforces, each with its reason. The unit is last in each name."""

from schemas.times import MINUTE_MS

# Accounts and posts.
EVIDENCE_DAYS = 400  # the contract's: so long a post counts, and so long its id keeps its token

# Keys.
RESERVED_CONNECTORS = frozenset({"verifier", "clock", "operator"})  # the server's own; a log never has one from outside
KEY_DAYS = 365
MOST_KEY_DAYS = 366  # a key that nobody needs any more ends by itself
MOST_KEYS = 1_000  # that are not expired or revoked
MOST_SCANNERS = 10_000  # of keys that organizers make; apart, so that these never keep the operator from making one
MOST_KEY_SESSIONS = 10  # of one key; an older one is dropped for the next
USED_MS = MINUTE_MS  # last_used is that exact; writing at every request would be a write a request

# Attendees' links and sessions.
LINK_DAYS = 14  # mailed with the ticket, opened at the latest at the conference
DEVICE_LINK_MS = 10 * MINUTE_MS  # it goes from one's screen to one's other device
SESSION_DAYS = 180  # from the mail months before to the days after: nobody can hand out a second link
MOST_LINKS = 5  # of one attendee who has not signed in; an older one is dropped for the next
MOST_SESSIONS = 10  # of one attendee; further devices wait until one is signed out
MOST_SIGN_INS = 20  # remembered of one attendee

# Codes that prove an account.
CODE_HOURS = 1
MOST_CODES_AN_HOUR = 5  # of one attendee
MOST_LOOKS = 10  # for one code: each is a request to somebody else's server

# The audit log.
AUDIT_DAYS = 400  # as long as evidence counts
MOST_A_DAY = 1_000  # of one holder: an organizer who mends letters by hand does not come near it
PAGE_ENTRIES = 100

# Dead letters, and what is left of who was erased.
LETTER_KEY_DAYS = 14  # as long as a letter is kept
MOST_BARS = 2_000  # of one person who was erased: 64 kB; beyond that nobody will miss one
MOST_CLAIMS = 20  # of one person; proved accounts have no bound, or who proved many would choose which are known again
TOMBSTONE_DAYS = 400  # from the end of the conference: as long as its posts count
