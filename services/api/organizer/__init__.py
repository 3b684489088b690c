"""Routes for organizers: conferences, attendees, scanner keys, overview."""
