"""What one more attendee and one more post cost in memory, found by folding more of them."""

from tests.bench.himss import child
from tests.bench.logs import log
from tests.bench.rows import Row

MOST_A_POST = 600.0
MOST_AN_ATTENDEE = 12_000.0
FEW, MANY = 3_000, 23_000
FEW_POSTS, MANY_POSTS = 50_000, 250_000


def run() -> list[Row]:
    """Bytes of the process, so allocator and all; an attendee comes with accounts, check-ins and their ids."""
    few = child(log(attendees=FEW, posts=FEW_POSTS))
    posts = child(log(attendees=FEW, posts=MANY_POSTS))
    people = child(log(attendees=MANY, posts=FEW_POSTS))
    a_post = (posts["grown"] - few["grown"]) / (posts["posts"] - few["posts"])
    an_attendee = (people["grown"] - few["grown"]) / (people["attendees"] - few["attendees"])
    return [
        Row("memory a post", a_post, "bytes", most=MOST_A_POST),
        Row("memory an attendee", an_attendee, "bytes", most=MOST_AN_ATTENDEE,
            beside="with account, check-ins of 3 days and the ids by which doubles are told"),
    ]  # fmt: skip
