"""Admission to the log: authorization, validation and pseudonymization of events, and registration of attendees."""
