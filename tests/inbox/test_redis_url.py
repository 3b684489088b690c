"""The address of a Redis: what can never work is refused in one sentence, without repeating what may be a password."""

from pathlib import Path

import pytest
from redis.asyncio.connection import parse_url

from services.inbox.redis.address import RedisUrlError, check

GOOD = [
    "redis://127.0.0.1",
    "redis://127.0.0.1:6379/3",
    "redis://[::1]:6379",
    "redis://user:p%23s%2Fw%40d@redis.example.org:6379/0",
    "redis://:raw@sign@host:6379",
    "redis://host?db=2",
    "rediss://host:6380?ssl_cert_reqs=none&ssl_check_hostname=false",
    "unix:///run/redis.sock",
    "unix://user:hunter2@/run/redis.sock?db=1",
]
BAD = {
    "redis://:hunter2#s/w@d@127.0.0.1:18105": "%23",
    "redis://user:123#hunter2@127.0.0.1:6379": "%23",  # a library takes ``user`` for the host
    "redis://:hun/ter2@127.0.0.1:6379": "%2F",
    "redis://:hun?ter2@127.0.0.1:6379": "%3F",
    "redis://127.0.0.1:notaport": "port",
    "redis://127.0.0.1:65536": "port",
    "redis://127.0.0.1:0": "port",
    "redis://[::1:6379": "host",
    "redis://one:1,two:2": "host",
    "redis://one,two": "host",
    "redis://": "host",
    "redis://:hunter2@": "host",
    "redis:127.0.0.1": "host",
    "redis://host/name": "number",
    "redis://host/0/1": "number",
    "redis://host?db=x": "number",
    "redis://host?db=1&db=2": "twice",
    "redis://host/1?db=2": "twice",
    "redis://host?foo=bar": "foo",
    "redis://host?socket_timeout=0": "socket_timeout",  # it would lift a bound
    "redis://host?max_connections=1": "max_connections",
    "redis://host?password=hunter2": "password",
    "redis://host?db": "?name=value",
    "redis://host?ssl_cert_reqs=none": "rediss://",
    "rediss://host?ssl_cert_reqs=maybe": "required",
    "rediss://host?ssl_ca_certs=/nowhere/ca.pem": "ssl_ca_certs",
    "rediss://host?ssl_ca_certs=/dev/null": "ssl_ca_certs",
    "rediss://host?ssl_keyfile=/dev/null": "ssl_certfile",
    "unix://run/redis.sock": "unix:///",
    "unix://": "unix:///",
    "http://127.0.0.1:6379": "redis://",
    "redis+sentinel://host": "redis://",
    "127.0.0.1:6379": "redis://",
    "": "redis://",
    "redis://host\n": "blank",
    "redis://ho st": "blank",
}


@pytest.mark.parametrize("url", GOOD)
def test_what_can_work_is_taken(url: str) -> None:
    check(url)


def test_a_coded_password_arrives_as_it_is() -> None:
    url = "redis://user:p%23s%2Fw%40d@redis.example.org:6379/0"
    check(url)
    assert parse_url(url)["password"] == "p#s/w@d"  # noqa: S105


@pytest.mark.parametrize("url", BAD)
def test_what_cannot_work_is_refused_in_one_sentence(url: str) -> None:
    with pytest.raises(RedisUrlError) as refused:
        check(url)
    said = str(refused.value)
    assert BAD[url] in said
    assert "ter2" not in said
    assert said.endswith(".")
    assert "\n" not in said


def test_a_certificate_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("hello")
    with pytest.raises(RedisUrlError, match="PEM"):
        check(f"rediss://host?ssl_certfile={tmp_path / 'cert.pem'}")
