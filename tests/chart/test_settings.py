"""Every setting of the program can be given in values, and arrives as it was given."""

from typing import Any

import pytest

from gateway.settings import ENV_PREFIX, Settings
from tests.chart.rendering import VALUES, environment, of_kind, pods, rendered
from tests.chart.values_schema import SET_BY_THE_CHART, file_settings, plain_settings, secret_settings

# Texts that mean something to the chart.
_TEXTS = {
    "retry_tiers": "1s,5s",
    "allow_networks": "10.20.0.0/16",
    "deny_networks": "20.30.0.0/16",
    "endpoint_ports": "443",
}


def _sample(name: str, bounds: dict[str, Any]) -> str | bool | float | int:
    if "enum" in bounds:
        return str(bounds["enum"][-2])
    match bounds["type"][0]:
        case "boolean":
            return not Settings.model_fields[name].default
        case "integer":
            # The largest: a template writes large numbers in another way if it is let.
            return int(bounds.get("maximum", bounds.get("exclusiveMaximum", 1) - 1))
        case "number":
            return float(bounds.get("maximum", bounds.get("exclusiveMinimum", 0) + 1)) / 2
        case _:
            return _TEXTS.get(name, Settings.model_fields[name].default or "text")


def test_every_setting_has_its_place_in_values() -> None:
    """Each is in `config` or in `files`, is a secret that a file can hold, or laid down by the chart."""
    placed = {*plain_settings(), *file_settings(), *secret_settings(), *SET_BY_THE_CHART}
    assert set(Settings.model_fields) <= placed
    assert {f"{name}_file" for name in secret_settings()} <= set(file_settings())


def test_settings_arrive_as_they_were_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """From values through Helm and the environment to the program: the same text, number or choice."""
    config = {name: _sample(name, bounds) for name, bounds in plain_settings().items()}
    resources = rendered(VALUES["minimal"], values={"config": config, "console": {"enabled": True}})
    for pod in pods(resources).values():
        with monkeypatch.context() as patched:
            for name, value in environment(pod).items():
                patched.setenv(name, value)
            arrived = Settings()
        assert {name: getattr(arrived, name) for name in config} == config


def test_a_setting_of_one_process_is_stronger_and_null_takes_it_back() -> None:
    """Processes share what they can, and differ where they must."""
    own = {"log_level": "debug", "actor": None}
    values = {"config": {"log_level": "warning", "actor": "x"}, "egress": {"config": own}}
    found = {name: environment(pod) for name, pod in pods(rendered(VALUES["minimal"], values=values)).items()}
    assert found["stream"]["GATEWAY_LOG_LEVEL"] == "warning"
    assert found["stream"]["GATEWAY_ACTOR"] == "x"
    assert found["egress"]["GATEWAY_LOG_LEVEL"] == "debug"
    assert "GATEWAY_ACTOR" not in found["egress"]


def test_every_file_is_mounted_where_its_setting_says_and_only_where_it_is_needed() -> None:
    """Who works with signing secrets gets their keys, and nobody else; who reads Kafka needs Kafka's."""
    files = {name: {"secret": "kept", "key": f"key-of-{name}"} for name in file_settings()}
    found = pods(rendered(VALUES["minimal"], values={"files": files, "console": {"enabled": True}}))
    mounted: dict[str, set[str]] = {}
    for process in ("stream", "egress", "console", "topics"):
        spec = found[process]["spec"]
        paths = {
            item["path"]
            for volume in spec["volumes"]
            if volume["name"] == "files"
            for source in volume["projected"]["sources"]
            for item in source["secret"]["items"]
        }
        given = environment(found[process])
        assert {given[f"{ENV_PREFIX}{name.upper()}"] for name in paths} == {
            f"/etc/webhook-gateway/{name}" for name in paths
        }
        mounted[process] = paths
    assert set.union(*mounted.values()) == set(file_settings())
    assert all(name.startswith("kafka_") for name in mounted["topics"])
    owners = {
        "secret_keys_file": ["egress", "console"],
        "egress_proxy_file": ["egress"],
        "oidc_client_secret_file": ["console"],
        "console_database_url_file": ["console"],
    }
    for name, expected in owners.items():
        assert [process for process, names in mounted.items() if name in names] == expected


def test_no_secret_is_in_the_environment() -> None:
    """Environments are shown by `kubectl describe` and end up in crash reports."""
    resources = rendered(VALUES["sasl"])
    for pod in pods(resources).values():
        given = environment(pod)
        assert not {f"{ENV_PREFIX}{name.upper()}" for name in secret_settings()} & set(given)
        assert "stream's" not in given.values()


def test_the_grace_period_outlasts_the_shutdown_deadline() -> None:
    """Kubernetes kills what has not stopped by then: the deliveries under way would be sent twice."""
    default = Settings.model_fields["shutdown_deadline_s"].default
    for values, deadline_s in (({}, default), ({"config": {"shutdown_deadline_s": 99.5}}, 99.5)):
        for process in ("stream", "egress"):
            spec = pods(rendered(VALUES["minimal"], values=values))[process]["spec"]
            assert deadline_s + 5 <= spec["terminationGracePeriodSeconds"] <= deadline_s + 15


def test_two_consoles_never_have_one_index() -> None:
    """With a claim the old one ends before the new one begins; without, each has a volume of its own."""
    for index, strategy in (({}, "rollingUpdate"), ({"existingClaim": "index"}, "type")):
        values = {"console": {"enabled": True, "index": index}}
        deployment = of_kind(rendered(VALUES["minimal"], values=values), "Deployment")["console"]
        assert list(deployment["spec"]["strategy"]) == [strategy]
        (volume,) = [one for one in deployment["spec"]["template"]["spec"]["volumes"] if one["name"] == "index"]
        assert volume.get("persistentVolumeClaim") == ({"claimName": "index"} if index else None)


def test_consoles_with_a_database_keep_no_file() -> None:
    """Several share the index that is there; each gets the URL as a file."""
    files = {"console_database_url_file": {"secret": "console-database", "key": "url"}}
    values = {"console": {"enabled": True, "replicas": 2, "files": files}}
    pod = pods(rendered(VALUES["minimal"], values=values))["console"]
    assert environment(pod)["GATEWAY_CONSOLE_DATABASE_URL_FILE"] == "/etc/webhook-gateway/console_database_url_file"
    assert "GATEWAY_CONSOLE_DIR" not in environment(pod)
    assert "index" not in {volume["name"] for volume in pod["spec"]["volumes"]}
