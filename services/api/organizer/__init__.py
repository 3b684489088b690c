"""What an organizer asks: conferences, attendees, scanners, numbers."""
