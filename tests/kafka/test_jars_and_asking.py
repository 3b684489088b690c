"""What is run is what the lock names; and what counts as an answer of a Kafka."""

import hashlib
import socket
import struct
import threading
from pathlib import Path

import pytest

from services.tools.local_kafka import KafkaError, jars, ports, settings
from services.tools.local_kafka import aot_cache as warming
from services.tools.local_kafka import metadata_probe as asking


def a_lock(folder: Path, content: bytes) -> Path:
    lock = folder / "a.lock"
    lock.write_text(f"# head\n{hashlib.sha256(content).hexdigest()}  org.example:thing:1.0\n")
    return lock


def test_the_lock_names_kafka_and_all_files_once() -> None:
    found = jars.read_lock()
    assert jars.Jar("org.apache.kafka", "kafka_2.13", jars.KAFKA_VERSION, "").name in {jar.name for jar in found}
    assert len({jar.name for jar in found}) == len(found) > 40
    assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in found)


def test_a_changed_file_is_refused_in_plain_words(tmp_path: Path) -> None:
    lock, kept = a_lock(tmp_path, b"good"), tmp_path / f"kafka-{jars.KAFKA_VERSION}" / "thing-1.0.jar"
    kept.parent.mkdir()
    kept.write_bytes(b"good")
    assert jars.install_jars(cache=tmp_path, lock=lock) == [kept]
    kept.write_bytes(b"evil")
    with pytest.raises(KafkaError, match=r"thing-1\.0\.jar is not the file that Hallway was tested with.*Nothing was"):
        jars.install_jars(cache=tmp_path, lock=lock)


def test_what_comes_is_checked_before_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content, seen = b"evil", list[tuple[int, int]]()

    def comes(jar: jars.Jar, folder: Path) -> Path:
        folder.mkdir()
        (folder / jar.name).write_bytes(content)
        return folder / jar.name

    monkeypatch.setattr(jars, "fetch_jar", comes)
    lock = a_lock(tmp_path, b"good")
    with pytest.raises(KafkaError, match="is not the file"):
        jars.install_jars(cache=tmp_path, lock=lock)
    assert not list(tmp_path.rglob("*.jar"))
    content = b"good"
    (found,) = jars.install_jars(lambda done, total: seen.append((done, total)), cache=tmp_path, lock=lock)
    assert found.read_bytes() == b"good"
    assert seen == [(0, 1), (1, 1)]


def test_the_cache_folder_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    monkeypatch.delenv("HALLWAY_CACHE", raising=False)
    assert jars.cache_folder() == tmp_path / "x" / "hallway"
    monkeypatch.setenv("HALLWAY_CACHE", str(tmp_path / "mine"))
    assert jars.cache_folder() == tmp_path / "mine"


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", struct.pack(">iii", 8, 1, 9)])
def test_what_is_no_kafka_is_no_answer(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            line, _ = server.accept()
            with line:
                line.recv(100)
                line.sendall(said)

        threading.Thread(target=answer, daemon=True).start()
        assert asking.query_cluster("127.0.0.1", server.getsockname()[1], 2) is None


def test_ports_are_not_those_of_outgoing_connections() -> None:
    assert all(20_000 <= ports.free() < 32_000 for _ in range(20))


def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    lines = settings.server(tmp_path, 1, 2).splitlines()
    listeners = [line for line in lines if "listeners=" in line]
    assert len(listeners) == 2
    assert all(part.split("://")[1].startswith("127.0.0.1:") for line in listeners for part in line.split(","))


def test_what_speeds_a_start_is_made_once_and_never_stops_one(tmp_path: Path) -> None:
    runs = list[str]()

    def good(folder: Path, option: str) -> None:
        runs.append(option)
        Path(option.partition("=")[2]).write_bytes(b"classes")

    def bad(folder: Path, option: str) -> None:
        runs.append(option)
        raise KafkaError("too busy")

    made, failed = tmp_path / "a.aot", tmp_path / "b.aot"
    assert warming.options(made) == []
    warming.make(made, good)
    warming.make(made, good)
    assert warming.options(made) == [f"-XX:AOTCache={made}"]
    warming.make(failed, bad)
    warming.make(failed, bad)
    assert warming.options(failed) == []
    assert len(runs) == 2
