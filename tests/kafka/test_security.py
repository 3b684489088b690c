"""What the environment says of a Kafka's security: used, or refused in plain words before anything connects."""

from pathlib import Path
from typing import Any

import pytest
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from services.kafka.security import Security, read_security
from services.usage_errors import UnusableError
from streams.workers.faust.credentials import credentials
from tests.kafka.secured import certificates


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    certificates(tmp_path)
    (tmp_path / "password").write_text("a secret\r\n")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "two").write_text("a\nb\n")
    return tmp_path


def said(folder: Path, **given: str) -> Security:
    files = ("CA", "CERTIFICATE", "KEY", "PASSWORD_FILE")
    return read_security(
        {f"HALLWAY_KAFKA_{name}": str(folder / value) if name in files else value for name, value in given.items()}
    )


TLS = {"SECURITY": "TLS", "CA": "ca.pem"}
CERTIFIED = TLS | {"CERTIFICATE": "client.crt", "KEY": "client.key"}
SASL = {"SECURITY": "SASL", "USER": "u", "PASSWORD_FILE": "password"}
BOTH = TLS | SASL | {"SECURITY": "SASL_TLS", "MECHANISM": "PLAIN"}


@pytest.mark.parametrize(
    ("given", "protocol"),
    [({}, "PLAINTEXT"), (TLS, "SSL"), (CERTIFIED, "SSL"), (SASL, "SASL_PLAINTEXT"), (BOTH, "SASL_SSL")],
)
def test_faust_gets_what_our_own_clients_get(folder: Path, given: dict[str, str], protocol: str) -> None:
    security = said(folder, **given)
    ours: dict[str, Any] = {name: value for name, value in security.client_settings().items() if value is not None}
    assert ours["security_protocol"] == protocol
    login = None if security.login is None else security.login.faust_credentials()
    faust = credentials_to_aiokafka_auth(credentials(security.tls, login))
    assert {name: value for name, value in faust.items() if value is not None} == ours
    assert "a secret" not in repr(security) + repr(credentials(security.tls, login))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"SECURITY": "SSL"}, "SECURITY is SSL, none of TLS, SASL_TLS, SASL"),
        ({"USER": "u"}, "USER is set, but HALLWAY_KAFKA_SECURITY not"),
        (TLS | {"USER": "u"}, "USER says nothing with HALLWAY_KAFKA_SECURITY=TLS"),
        (BOTH | {"PASSWORD": "a secret"}, "PASSWORD says nothing with"),
        (TLS | {"CA": "missing.pem"}, "missing.pem cannot be read as certificates"),
        (TLS | {"CA": "password"}, "password cannot be read as certificates"),
        (TLS | {"CERTIFICATE": "client.crt"}, "belong together"),
        (CERTIFIED | {"KEY": "server.key"}, "must be a certificate and its key"),
        (CERTIFIED | {"KEY": "encrypted.key"}, "the key not encrypted"),
        (BOTH | {"MECHANISM": "GSSAPI"}, "MECHANISM is GSSAPI, none of SCRAM-SHA-512, SCRAM-SHA-256, PLAIN"),
        ({"SECURITY": "SASL", "USER": "u"}, "needs HALLWAY_KAFKA_PASSWORD_FILE"),
        (SASL | {"PASSWORD_FILE": "missing"}, "missing cannot be read"),
        (SASL | {"PASSWORD_FILE": "empty"}, "has no password, in one line"),
        (SASL | {"PASSWORD_FILE": "two"}, "has no password, in one line"),
        (SASL | {"MECHANISM": "PLAIN"}, "PLAIN sends the password unencrypted"),
    ],
)
def test_what_cannot_be_used_is_reported(folder: Path, given: dict[str, str], problem: str) -> None:
    with pytest.raises(UnusableError, match=problem) as error:
        said(folder, **given)
    assert "a secret" not in str(error.value)
