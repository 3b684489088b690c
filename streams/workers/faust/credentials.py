"""Faust's credentials for the broker, made from ours.

Invariants: a password is never logged or shown. ``tests/workers/test_faust_contract.py`` fails when Faust passes its
client anything else than our own clients get.
"""

import ssl

from faust.auth import Credentials, SASLCredentials, SSLCredentials


def credentials(tls: ssl.SSLContext | None, login: tuple[str, str, str] | None) -> Credentials | None:
    """``tls``: for every connection; ``login``: SASL mechanism, user, password. None if the broker needs neither."""
    if login is not None:
        mechanism, user, password = login
        return SASLCredentials(username=user, password=password, mechanism=mechanism, ssl_context=tls)
    return None if tls is None else SSLCredentials(tls)
