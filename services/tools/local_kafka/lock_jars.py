"""Rewrites ``jars.lock`` after a change of KAFKA_VERSION: ``python -m services.tools.local_kafka.lock_jars``.

Invariants: it never runs at a start or an install: a resolver's results change, a lock does not. It locks Kafka's
dependencies and the log4j binding, which Kafka leaves to its operator.
"""

import sys
import tempfile
from pathlib import Path

from services.tools.local_kafka.jars import KAFKA_VERSION, LOCK_FILE, Jar, digest, fetch_jar

ENDPOINT = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"
_LOGGING = "org.apache.logging.log4j"


def resolve_jars() -> list[Jar]:
    """All jars of this Kafka, each fetched for its digest."""
    from jgo import resolve

    found = [(one.groupId, one.artifactId, one.version) for one in resolve(ENDPOINT)]
    log4j = next(version for group, artifact, version in found if (group, artifact) == (_LOGGING, "log4j-core"))
    found.append((_LOGGING, "log4j-slf4j-impl", log4j))
    with tempfile.TemporaryDirectory() as folder:
        jars = [Jar(*names, sha256="") for names in sorted(found)]
        return [jar._replace(sha256=digest(fetch_jar(jar, Path(folder)))) for jar in jars]


def main() -> int:
    """Writes the lock."""
    lines = [f"{jar.sha256}  {jar.group}:{jar.artifact}:{jar.version}\n" for jar in resolve_jars()]
    head = f"# SHA-256 and coordinates of Kafka {KAFKA_VERSION}'s jars. Written by {__name__}.\n"
    LOCK_FILE.write_text(head + "".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
