"""The pages in a real browser: Debian's chromium, against a small server of our own that speaks the HTTP doors."""
