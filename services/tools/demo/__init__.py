"""``hallway demo``: a conference day, played on the pages of a server."""
