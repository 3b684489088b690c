"""``hallway demo``: a conference that plays on the pages."""
