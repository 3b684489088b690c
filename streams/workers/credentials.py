"""With what Faust's own consumer and producer enter a broker.

Owns: the translation into Faust's words. May never: show a password. ``tests/workers/test_faust_contract.py`` says
when Faust hands on something else to its client than our own clients get.
"""

import ssl

from faust.auth import Credentials, SASLCredentials, SSLCredentials


def credentials(tls: ssl.SSLContext | None, login: tuple[str, str, str] | None) -> Credentials | None:
    """``tls``: of each connection; ``login``: SASL's mechanism, the user, the password. None: neither is needed."""
    if login is not None:
        mechanism, user, password = login
        return SASLCredentials(username=user, password=password, mechanism=mechanism, ssl_context=tls)
    return None if tls is None else SSLCredentials(tls)
