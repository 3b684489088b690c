"""Why two attendees were, or were not, suggested to each other, as typed steps; and lists of who knows whom."""
