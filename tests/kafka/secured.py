"""A real Kafka that only accepts TLS with a password or a client certificate, and one plain port beside.

Responsibility: the certificates of its own new authority, and the listeners, which other machines cannot reach.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization

from services.tools.local_kafka import LocalKafka, ports
from services.tools.local_kafka.ports import HOST

USER, PASSWORD = "hallway", 'of "no" use = elsewhere'
_PEM = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
_MODULES = "org.apache.kafka.common.security"


@dataclass(frozen=True)
class Secured:
    """Where it is. ``by_password``, ``by_certificate`` and ``plain``: HOST:PORT; the rest: files."""

    by_password: str
    by_certificate: str
    plain: str
    folder: Path

    def environment(self, **changed: str) -> dict[str, str]:
        """What lets us in by password; an empty text takes a setting away."""
        (self.folder / "password").write_text(f"{PASSWORD}\n")
        given = {"SECURITY": "SASL_TLS", "CA": "ca.pem", "USER": USER, "PASSWORD_FILE": "password"} | changed
        files = ("CA", "CERTIFICATE", "KEY", "PASSWORD_FILE")
        return {
            f"HALLWAY_KAFKA_{name}": str(self.folder / value) if name in files and value else value
            for name, value in given.items()
        }


@contextmanager
def secured(folder: Path) -> Iterator[Secured]:
    """Runs it."""
    folder.mkdir()
    certificates(folder)
    plain, by_password, by_certificate, controller = (ports.free() for _ in range(4))
    listeners = {"CLIENT": plain, "SECURED": by_password, "CERTIFIED": by_certificate}
    said = [f"{name}://{HOST}:{port}" for name, port in listeners.items()]
    properties = {
        "listeners": ",".join([*said, f"CONTROLLER://{HOST}:{controller}"]),
        "advertised.listeners": ",".join(said),
        "controller.quorum.voters": f"1@{HOST}:{controller}",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL,CERTIFIED:SSL",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": folder / "server.pem",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": folder / "ca.pem",
        "listener.name.certified.ssl.client.auth": "required",
        "listener.name.secured.sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
        "listener.name.secured.scram-sha-512.sasl.jaas.config": f"{_MODULES}.scram.ScramLoginModule required;",
        "listener.name.secured.plain.sasl.jaas.config": (
            f'{_MODULES}.plain.PlainLoginModule required user_{USER}="{_quoted(PASSWORD)}";'
        ),
    }
    scram = ["--add-scram", f'SCRAM-SHA-512=[name={USER},password="{PASSWORD}"]']
    with LocalKafka(folder / "kafka", port=plain, brief=True, properties=properties, formatted=scram):
        yield Secured(f"{HOST}:{by_password}", f"{HOST}:{by_certificate}", f"{HOST}:{plain}", folder)


def _quoted(text: str) -> str:
    return text.replace('"', '\\"')


def certificates(folder: Path) -> None:
    """An authority, a server's certificate, a client's, each with its key; another authority; an encrypted key."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "other.pem")
    for name, identity in (("server", HOST), ("client", "hallway@example.org")):
        made = authority.issue_cert(identity)
        key = serialization.load_pem_private_key(made.private_key_pem.bytes(), None)
        pem = key.private_bytes(*_PEM, serialization.NoEncryption())  # of the form that Kafka takes
        chain = b"".join(blob.bytes() for blob in made.cert_chain_pems)
        (folder / f"{name}.key").write_bytes(pem)
        (folder / f"{name}.crt").write_bytes(chain)
        (folder / f"{name}.pem").write_bytes(pem + chain)
        (folder / "encrypted.key").write_bytes(key.private_bytes(*_PEM, serialization.BestAvailableEncryption(b"x")))
