"""HTTP for connectors: an organizer sets them up and sees their health; other systems call their webhooks."""
