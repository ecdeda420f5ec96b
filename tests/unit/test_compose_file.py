"""The Compose file is as careful as it says, and its parts fit together; `tests/compose` runs it where an engine is."""

import re
from typing import Any

import pytest
import yaml

from gateway.console.access.site import site_at
from gateway.console.index_database import IndexDatabase
from gateway.console.index_file import IndexFile
from gateway.services.index_place import index_place
from gateway.settings import ENV_PREFIX, Settings
from tests.generated_docs import ROOT

FILE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
_RUN_ONCE = {"secrets", "topics", "demo", "gateway"}
_GATEWAYS = {name: each for name, each in SERVICES.items() if each["image"].startswith("${WEBHOOK_GATEWAY_IMAGE:-")}
_DOCKERFILE = (ROOT / "Dockerfile").read_text()
_PROMETHEUS: dict[str, Any] = yaml.safe_load((ROOT / "compose" / "prometheus.yml").read_text())

every_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES.keys())


@every_service
def test_services_are_confined(service: dict[str, Any]) -> None:
    """A process that is taken over can do little, and one that runs wild takes nobody else's memory or disk."""
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) in ([], ["CHOWN"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["logging"]["options"]["max-size"]


@every_service
def test_ports_are_open_on_this_machine_only(service: dict[str, Any]) -> None:
    """A laptop in a café shows its Kafka to nobody; whose port is taken already names another one."""
    for port in service.get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{\w+_PORT:-\d+\}:\d+", port)


@every_service
def test_images_can_be_others(service: dict[str, Any]) -> None:
    """Who mirrors images, or builds them, names theirs; a version is pinned where they don't."""
    found = re.fullmatch(r"\$\{\w+_IMAGE:-([\w/-]+):([\w.-]+)\}", service["image"])
    assert found is not None
    assert found[2] != "latest"


@every_service
def test_several_can_run_at_once(service: dict[str, Any]) -> None:
    """A name can be had once: two checkouts would fight for it, and it could not be scaled."""
    assert "container_name" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_what_runs_all_the_time_is_started_again(name: str) -> None:
    """A container that dies heals by itself; a job that has failed says so."""
    assert SERVICES[name]["restart"] == ("no" if name in _RUN_ONCE else "unless-stopped")


@pytest.mark.parametrize("service", _GATEWAYS.values(), ids=_GATEWAYS.keys())
def test_processes_of_the_gateway(service: dict[str, Any]) -> None:
    """They keep nothing that they write, know every setting that they are given, and are stopped in peace."""
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - in the container
    assert float(service["stop_grace_period"].removesuffix("s")) > Settings().shutdown_deadline_s
    names = {name.removeprefix(ENV_PREFIX).lower() for name in service["environment"]}
    assert names <= Settings.model_fields.keys()


def test_the_receiver_does_not_reach_kafka() -> None:
    """It stands for endpoints of others."""
    assert "inside" not in SERVICES["receiver"]["networks"]
    assert set(SERVICES["egress"]["networks"]) >= set(SERVICES["receiver"]["networks"])


def test_only_those_who_need_it_have_the_key_ring() -> None:
    """Stream and receiver open no secret; who only reads it can't change it."""
    having = {
        name: volume for name, each in SERVICES.items() for volume in each.get("volumes", []) if "keys:" in volume
    }
    assert having == {
        "secrets": "keys:/keys",
        **dict.fromkeys(("egress", "console", "demo", "gateway"), "keys:/keys:ro"),
    }


def test_the_console_is_found_where_it_says() -> None:
    """Browsers reach it under the name and the port that it answers to; everybody has to log in."""
    console = SERVICES["console"]
    (port,) = console["ports"]
    outside, _, inside = port.removeprefix("127.0.0.1:").rpartition(":")
    settings = Settings(console_url=console["environment"]["GATEWAY_CONSOLE_URL"].replace(outside, inside))
    assert settings.console_url == f"http://localhost:{settings.console_port}"
    assert not site_at(console["environment"]["GATEWAY_CONSOLE_ADDRESS"], settings.console_url).is_local


def test_the_consoles_index_is_where_it_can_write_or_in_a_database() -> None:
    """The URL is of whoever starts it, and is left out where they name none."""
    given = SERVICES["console"]["environment"]
    assert given["GATEWAY_CONSOLE_DATABASE_URL"] is None
    own = {name.removeprefix(ENV_PREFIX).lower(): value for name, value in given.items() if value is not None}
    assert [given["GATEWAY_HOME"]] == SERVICES["console"]["tmpfs"]
    assert isinstance(index_place(Settings(**own))("cluster"), IndexFile)
    url = "postgresql://console:secret@database/webhooks"
    assert isinstance(index_place(Settings(**own, console_database_url=url))("cluster"), IndexDatabase)


def test_prometheus_asks_where_processes_answer() -> None:
    """By the service's name, so that it finds each container of it, and at the port that they serve."""
    asked = [each["dns_sd_configs"][0] for each in _PROMETHEUS["scrape_configs"]]
    assert {name for each in asked for name in each["names"]} == {"stream", "egress"}
    for each in asked:
        (name,) = each["names"]
        assert "GATEWAY_PROBES_PORT" not in SERVICES[name]["environment"]
        assert re.search(rf"GATEWAY_PROBES_PORT={each['port']}$", _DOCKERFILE, re.MULTILINE)
        assert set(SERVICES[name]["networks"]) & set(SERVICES["prometheus"]["networks"])


def test_grafana_finds_its_data_source_and_its_dashboard() -> None:
    """What is mounted is there, and where the settings look for it."""
    mounts = dict(
        volume.removesuffix(":ro").split(":")
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if volume.startswith("./")
    )
    assert all((ROOT / source).exists() for source in mounts)
    folder = ROOT / "compose" / "grafana"
    (provider,) = yaml.safe_load((folder / "dashboards.yml").read_text())["providers"]
    assert mounts["./helm/webhook-gateway/dashboards"] == provider["options"]["path"]
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/webhook-gateway.json"
    (source,) = yaml.safe_load((folder / "datasources.yml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert source["jsonData"]["timeInterval"] == _PROMETHEUS["global"]["scrape_interval"]
    assert set(SERVICES["grafana"]["networks"]) & set(SERVICES["prometheus"]["networks"])
