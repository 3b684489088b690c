"""Reads attendees from CSV files of ticket tools and spreadsheets, with an error for each bad line; and writes CSV."""

from services.admission.registration.attendee_csv.sheet import read_csv
from services.admission.registration.attendee_csv.text import CSV_BYTES
from services.admission.registration.attendee_csv.values import (
    MOST_ACCOUNTS,
    MOST_MISTAKES,
    MOST_ROWS,
    AttendeeRow,
    Column,
    Mistake,
    Sheet,
)
from services.admission.registration.attendee_csv.writing import write_csv

__all__ = [
    "CSV_BYTES",
    "MOST_ACCOUNTS",
    "MOST_MISTAKES",
    "MOST_ROWS",
    "AttendeeRow",
    "Column",
    "Mistake",
    "Sheet",
    "read_csv",
    "write_csv",
]
