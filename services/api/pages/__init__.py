"""Serves the pages: their files, their headers, and 304 to browsers that have the current file."""
