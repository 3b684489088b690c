"""Diagnoses why a reachable Kafka refuses us, in plain words.

Responsibility: one connection of its own, after a client could not start: clients hide the reason, and a port that
expects TLS looks like one where nothing answers.
Invariants: it sends no more than a client would, and never shows a password.
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
from services.kafka.security import ENV_PREFIX, Security

LOOK_S = 5.0
_OTHER_NAME = (62, 64)  # OpenSSL's codes: the certificate is for another host, another IP


async def diagnose_refusal(access: Access) -> str | None:
    """What a person has to fix; None: nothing answers, or nothing is wrong."""
    host, port, _ = collect_hosts(access.address, randomize=False)[0]
    try:
        await _request_metadata(host, port, access.security)
    except ssl.SSLCertVerificationError as error:
        return f"{access.address}: {_certificate(error)}"
    except (errors.KafkaError, OSError) as error:
        said = await _diagnose(host, port, access.security, error)
        return None if said is None else f"{access.address}: {said}"
    return None


async def _request_metadata(host: str, port: int, security: Security) -> None:
    """Sends the first request of every client."""
    async with _connect(host, port, security.client_settings()) as connection:
        await connection.send(MetadataRequest([]))


@asynccontextmanager
async def _connect(host: str, port: int, settings: Mapping[str, Any]) -> AsyncIterator[AIOKafkaConnection]:
    connection = AIOKafkaConnection(host, port, request_timeout_ms=round(LOOK_S * 1_000), **settings)
    try:
        await connection.connect()
        yield connection
    finally:
        if connection._protocol is not None:  # or there is nothing to close
            await asyncio.wait({connection.close()}, timeout=LOOK_S)


def _certificate(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in _OTHER_NAME:
        return f"its certificate is for another name ({error.verify_message}). Use the name in the certificate."
    return f"its certificate is not trusted ({error.verify_message}). Set {ENV_PREFIX}CA to its authority's file."


async def _diagnose(host: str, port: int, security: Security, error: Exception) -> str | None:
    login, cause = security.login, error.__cause__
    if isinstance(error, errors.UnsupportedSaslMechanismError) and login is not None:
        return f"it does not take {login.mechanism}. Set {ENV_PREFIX}MECHANISM to one that it takes."
    if isinstance(error, errors.SaslAuthenticationFailed | errors.AuthenticationFailedError) and login is not None:
        return f"it refuses the user {login.user}, or the password of {ENV_PREFIX}PASSWORD_FILE."
    if isinstance(error, errors.IllegalSaslStateError):
        return f"it asks for no password at this port. Name another port, or set {ENV_PREFIX}SECURITY without SASL."
    if isinstance(cause, ssl.SSLError):
        return f"it does not take our certificate, or asks for one ({cause.reason}). Look at {ENV_PREFIX}CERTIFICATE."
    if security.tls is None and await _shakes_hands(host, port):
        return (
            f"it speaks TLS at this port. Set {ENV_PREFIX}SECURITY to TLS, or to SASL_TLS where it asks for a password."
        )
    if security.tls is not None and await _answers(host, port, Security()):
        return f"it does not speak TLS at this port. Name its TLS port, or set {ENV_PREFIX}SECURITY without TLS."
    if login is None and await _answers(host, port, security):
        return f"it asks for a user and a password. Set {ENV_PREFIX}SECURITY with SASL."
    return None


async def _shakes_hands(host: str, port: int) -> bool:
    """Whether the port speaks TLS. Nothing is sent, so the certificate does not matter."""
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
    """Whether a Kafka reports its API versions there, which it does before authentication."""
    settings = security.client_settings() | {"security_protocol": "SSL" if security.tls else "PLAINTEXT"}
    with suppress(errors.KafkaError, OSError):
        async with _connect(host, port, settings):
            return True
    return False
