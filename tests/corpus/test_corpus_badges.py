"""The demo's day is what the badge contacts give, byte for byte."""

import os

import pytest

from services.tools.demo.badge_import import contacts_in, derive_day
from services.tools.demo.badges import FILE, packed
from tests.corpus.posts import folder

CONTACTS = folder().parent / "sfhh" / "contacts.csv.gz"


@pytest.mark.corpus
def test_the_kept_day_is_what_the_contacts_give() -> None:
    if not CONTACTS.is_file():
        lack = f"The badge contacts are not at {CONTACTS}."
        if os.environ.get("HALLWAY_CORPUS"):
            pytest.fail(lack)
        pytest.skip(lack)
    assert packed(derive_day(contacts_in(CONTACTS))) == FILE.read_bytes()
