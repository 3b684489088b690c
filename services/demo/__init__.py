"""``hallway demo``: an invented day at a conference, its matches as they come."""
