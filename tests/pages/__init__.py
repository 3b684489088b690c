"""The pages in a real browser, Debian's Chromium, against a small fake server with the HTTP API."""
