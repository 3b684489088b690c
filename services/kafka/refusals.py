"""Why a Kafka that is there does not let us in, in plain words.

Owns: one connection of its own to look, after a client could not begin: clients keep the reason to themselves, and a
port that expects TLS looks like one where nobody answers. May never: send more than a client would, or say a password.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiokafka import errors
from aiokafka.conn import AIOKafkaConnection, collect_hosts
from aiokafka.protocol.metadata import MetadataRequest

from services.kafka.access import Access
from services.kafka.security import START, Security

LOOK_S = 5.0
_OTHER_NAME = (62, 64)  # OpenSSL's codes: the certificate is for another host, another IP


async def refusal(access: Access) -> str | None:
    """What a person has to set right; None: nobody answers, or nothing is wrong (any more)."""
    host, port, _ = collect_hosts(access.address, randomize=False)[0]
    try:
        await _asked(host, port, access.security)
    except ssl.SSLCertVerificationError as error:
        return f"{access.address}: {_certificate(error)}"
    except (errors.KafkaError, OSError) as error:
        said = await _otherwise(host, port, access.security, error)
        return None if said is None else f"{access.address}: {said}"
    return None


async def _asked(host: str, port: int, security: Security) -> None:
    """What every client asks first."""
    async with _connected(host, port, security.of_clients()) as connection:
        await connection.send(MetadataRequest([]))


@asynccontextmanager
async def _connected(host: str, port: int, settings: Mapping[str, Any]) -> AsyncIterator[AIOKafkaConnection]:
    connection = AIOKafkaConnection(host, port, request_timeout_ms=round(LOOK_S * 1_000), **settings)
    try:
        await connection.connect()
        yield connection
    finally:
        if connection._protocol is not None:  # else there was nothing to close
            await asyncio.wait({connection.close()}, timeout=LOOK_S)


def _certificate(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in _OTHER_NAME:
        return f"its certificate is for another name ({error.verify_message}). Name it as its certificate does."
    return f"its certificate is not trusted ({error.verify_message}). Name its authority's file in {START}CA."


async def _otherwise(host: str, port: int, security: Security, error: Exception) -> str | None:
    login, cause = security.login, error.__cause__
    if isinstance(error, errors.UnsupportedSaslMechanismError) and login is not None:
        return f"it does not take {login.mechanism}. Set {START}MECHANISM to one that it takes."
    if isinstance(error, errors.SaslAuthenticationFailed | errors.AuthenticationFailedError) and login is not None:
        return f"it refuses the user {login.user}, or the password of {START}PASSWORD_FILE."
    if isinstance(error, errors.IllegalSaslStateError):
        return f"it asks for no password at this port. Name another port, or set {START}SECURITY without SASL."
    if isinstance(cause, ssl.SSLError):
        return f"it does not take our certificate, or asks for one ({cause.reason}). Look at {START}CERTIFICATE."
    if security.tls is None and await _shakes_hands(host, port):
        return f"it speaks TLS at this port. Set {START}SECURITY to TLS, or to SASL_TLS where it asks for a password."
    if security.tls is not None and await _answers(host, port, Security()):
        return f"it does not speak TLS at this port. Name its TLS port, or set {START}SECURITY without TLS."
    if login is None and await _answers(host, port, security):
        return f"it asks for a user and a password. Set {START}SECURITY with SASL."
    return None


async def _shakes_hands(host: str, port: int) -> bool:
    """Whether somebody speaks TLS there; nothing is sent, so it does not matter who."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with suppress(OSError):
        async with asyncio.timeout(LOOK_S):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
            writer.close()
            await writer.wait_closed()
            return True
    return False


async def _answers(host: str, port: int, security: Security) -> bool:
    """Whether a Kafka says there what it understands: it does so before it asks who we are."""
    settings = security.of_clients() | {"security_protocol": "SSL" if security.tls else "PLAINTEXT"}
    with suppress(errors.KafkaError, OSError):
        async with _connected(host, port, settings):
            return True
    return False
