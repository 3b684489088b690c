"""What ``docs/sizing.md`` is made of: what a conference needs, and how long a matcher's restart takes."""
