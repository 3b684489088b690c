"""The compose file, the Dockerfile, Prometheus' and Grafana's files, without running anything."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from services.kafka.acls import PROGRAMS
from services.mail.settings import read_settings
from services.tools.local_kafka import settings
from services.tools.local_kafka.jars import KAFKA_VERSION
from tests.deploy.files import DEPLOY, GIVEN, ROOT, compose, compose_text, dashboards, instructions, services

SERVICES = sorted(services())
OURS = {"pod", "topics", "rights", "router", "matcher", "delivery", "gateway"}


def test_it_keeps_the_compose_specification() -> None:
    found = compose()  # with the anchors put in, of which the specification says nothing
    assert sorted(PyCompose.from_json(json.dumps(found)).service_names()) == SERVICES
    found["services"]["kafka"]["imagee"] = "x"
    with pytest.raises(ValueError, match="imagee"):
        PyCompose.from_json(json.dumps(found))


def test_what_must_be_chosen_is_asked_for() -> None:
    with pytest.raises(KeyError, match="HALLWAY_CLUSTER_ID"):
        compose_text({})


def test_an_image_can_be_pinned_to_a_digest() -> None:
    digest = f"@sha256:{'0' * 64}"
    names = ("KAFKA", "VALKEY", "PROMETHEUS", "GRAFANA")
    found = yaml.safe_load(compose_text(GIVEN | {f"{name}_DIGEST": digest for name in names}))["services"]
    pinned = {name for name, service in found.items() if service["image"].endswith(digest)}
    assert pinned == {"kafka", "valkey", "prometheus", "grafana"}
    others = {service["image"].partition(":")[0] for name, service in found.items() if name not in pinned}
    assert others == {"hallway", "hallway-caddy"}, "built here"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_bound_in_what_it_may(name: str) -> None:
    service = services()[name]
    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+(-alpine)?", service["image"]), "a tag is a version"
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert all(re.match(r"/tmp:size=\d+m(,exec)?$", each) for each in service.get("tmpfs", []))  # noqa: S108
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert 0 < service["pids_limit"] <= 300
    assert service["restart"] in ("unless-stopped", "on-failure")
    assert "privileged" not in service
    if name not in OURS:  # the image's own USER is none of root, see the Dockerfile
        assert int(str(service["user"]).partition(":")[0]) > 0
    assert name in ("topics", "rights") or "healthcheck" in service  # those two end
    if name != "pod":
        assert service["network_mode"] == "service:pod"
        assert "ports" not in service


def test_ports_are_published_on_loopback_unless_told() -> None:
    assert all(port.startswith("127.0.0.1:") for port in services()["pod"]["ports"])
    given = {"HALLWAY_CLUSTER_ID": "x", "HALLWAY_BIND": "0.0.0.0"}  # noqa: S104  # on purpose
    ports = yaml.safe_load(compose_text(given))["services"]["pod"]["ports"]
    assert [port for port in ports if not port.startswith("0.0.0.0:")] == ["127.0.0.1:3000:3000"]


def test_every_volume_and_file_is_there() -> None:
    declared = set(compose()["volumes"])
    used = {volume.split(":")[0] for service in services().values() for volume in service.get("volumes", [])}
    assert {name for name in used if not name.startswith("./")} == declared
    assert all((ROOT / name).exists() for name in used - declared)
    waited = {name for service in services().values() for name in service.get("depends_on", {})}
    assert waited <= set(SERVICES)


def test_each_part_has_the_passwords_that_it_needs_and_no_others() -> None:
    given = {name: set(service.get("secrets", [])) for name, service in services().items()}
    programs = {"router": set(), "matcher": set(), "delivery": {"valkey"}, "gateway": {"valkey", "smtp"}}
    expected = {name: {f"kafka_{name}", *more} for name, more in programs.items()}
    expected |= {"topics": {"kafka_admin"}, "rights": {"kafka_admin"}, "valkey": {"valkey"}, "grafana": {"grafana"}}
    expected["kafka"] = {"kafka_admin", "kafka_controller", *(f"kafka_{name}" for name in programs)}
    assert {name: found for name, found in given.items() if found} == expected
    files = {name: said["file"] for name, said in compose()["secrets"].items()}
    assert files == {name: f"./deploy/secrets/{name}" for name in set().union(*expected.values())}
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert not re.search(r"(?i)password: ", text), "no password in the file itself"
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "deploy/secrets/" in ignored


def test_each_program_enters_kafka_under_its_own_name() -> None:
    for name in PROGRAMS:
        said = services()[name]["environment"]
        assert said["HALLWAY_KAFKA_USER"] == name
        assert said["HALLWAY_KAFKA_PASSWORD_FILE"] == f"/run/secrets/kafka_{name}"
        assert (said["HALLWAY_KAFKA_SECURITY"], said["HALLWAY_KAFKA_MECHANISM"]) == ("SASL", "SCRAM-SHA-512")
        assert ("HALLWAY_REDIS_USER" in said) == (name in ("delivery", "gateway"))


def test_the_gateway_sends_mail_once_a_server_is_named(tmp_path: Path) -> None:
    said = services()["gateway"]["environment"]
    assert (said["HALLWAY_SMTP"], said["HALLWAY_MAIL_FROM"]) == ("", "")
    given = {"HALLWAY_SMTP": "smtp://mail.example.org", "HALLWAY_MAIL_FROM": "hallway@meet.example.org"}
    named = GIVEN | given | {"HALLWAY_SMTP_USER": "hallway"}
    found = yaml.safe_load(compose_text(named))["services"]["gateway"]["environment"]
    assert {name: found[name] for name in given} == given
    assert found["HALLWAY_SMTP_PASSWORD_FILE"].partition("/run/secrets/")[2] == "smtp"
    (tmp_path / "smtp").write_text("s3cret\n")
    settings = read_settings(*given.values(), found | {"HALLWAY_SMTP_PASSWORD_FILE": str(tmp_path / "smtp")})
    assert (settings.tls, settings.user, settings.password) == ("starttls", "hallway", "s3cret")


def test_the_gateway_believes_the_proxy_before_it() -> None:
    command = services()["gateway"]["command"]
    assert _after(command, "--trusted-proxy") == "127.0.0.1"
    assert "https://" in _after(command, "--public-url")
    assert 'header >Strict-Transport-Security "max-age=31536000"' in (DEPLOY / "Caddyfile").read_text(encoding="utf-8")


def _properties(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if "=" in line and not line.startswith("#")]
    return {name.strip(): value.strip() for name, value in (line.split("=", 1) for line in lines)}


def test_kafka_is_the_tested_one_and_runs_as_the_local_one_but_for_who_may_come() -> None:
    kafka = services()["kafka"]
    assert kafka["image"] == f"apache/kafka:{KAFKA_VERSION}"
    given = _properties((DEPLOY / "kafka" / "server.properties").read_text(encoding="utf-8"))
    local = _properties(settings.server(Path("here"), 9092, 9093))
    assert set(local) <= set(given)
    differs = {name for name in local if given[name] != local[name]}
    assert differs == {"log.dirs", "listener.security.protocol.map"}
    assert given["log.dirs"] == "/var/lib/kafka/data"
    assert "PLAINTEXT" not in given["listener.security.protocol.map"].replace("SASL_PLAINTEXT", "")
    assert set(given) - set(local) == {
        "listener.name.client.sasl.enabled.mechanisms",
        "listener.name.controller.sasl.enabled.mechanisms",
        "sasl.mechanism.inter.broker.protocol",
        "sasl.mechanism.controller.protocol",
        "authorizer.class.name",
        "super.users",
        "allow.everyone.if.no.acl.found",
    }
    assert "kafka:/var/lib/kafka/data" in kafka["volumes"]


def test_the_image_is_built_from_the_lock_file_and_runs_as_nobody() -> None:
    steps = instructions()
    assert all(re.search(r":[\d.]+", words) or words.split()[0] == "build" for kind, words in steps if kind == "FROM")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (uv,) = re.findall(r"UV_VERSION := (\S+)", makefile)
    runs = [words for kind, words in steps if kind == "RUN"]
    assert any(f"uv=={uv}" in words for words in runs)
    assert all("--locked" in words for words in runs if words.startswith("uv sync"))
    assert ("USER", "10001:10001") in steps
    copied = {word for kind, words in steps if kind == "COPY" and "--from" not in words for word in words.split()[:-1]}
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{name}" for name in copied} <= set(kept)


def test_prometheus_asks_where_the_parts_answer() -> None:
    jobs = yaml.safe_load((DEPLOY / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    asked = {job["job_name"]: job["static_configs"][0]["targets"][0].partition(":")[2] for job in jobs}
    for name in ("router", "matcher", "delivery"):
        assert asked.pop(name) == _after(services()[name]["command"], "--metrics-port")
    assert asked.pop("gateway") == _after(services()["gateway"]["command"], "--port")
    (listens,) = [word for word in services()["prometheus"]["command"] if "listen-address" in word]
    assert asked == {"prometheus": listens.rpartition(":")[2]}


def _after(command: list[str], option: str) -> str:
    return command[command.index(option) + 1]


def test_caddy_leads_to_the_gateway_and_listens_where_ports_are_published() -> None:
    text = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    assert f"reverse_proxy 127.0.0.1:{_after(services()['gateway']['command'], '--port')}" in text
    inner = {port.rpartition(":")[2] for port in services()["pod"]["ports"]}
    assert set(re.findall(r"https?_port (\d+)", text)) | {"3000"} == inner
    assert text.count("{") == text.count("}")


def _all_of(kind: str) -> dict[str, Any]:
    (path,) = (DEPLOY / "grafana" / "provisioning" / kind).glob("*.yml")
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def test_grafana_finds_its_source_and_its_dashboards() -> None:
    (source,) = _all_of("datasources")["datasources"]
    (provider,) = _all_of("dashboards")["providers"]
    mounts = dict(volume.split(":")[:2] for volume in services()["grafana"]["volumes"])
    assert mounts["./deploy/grafana/dashboards"] == provider["options"]["path"]
    assert mounts["./deploy/grafana/provisioning"] == "/etc/grafana/provisioning"
    assert source["url"].removeprefix("http://") in "".join(services()["prometheus"]["command"])
    for name, dashboard in dashboards():
        assert dashboard["uid"], name
        assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {source["uid"]}, name
        assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"]), name
