"""The errors of the runners' ports."""


class UnavailableError(Exception):
    """The broker or the store failed, or did not answer in time."""
