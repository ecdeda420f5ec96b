"""What operators read: scaling by lag (KEDA), the metrics, alerts (Prometheus) and the dashboard (Grafana)."""

import re
from typing import Any

import pytest

from gateway.domain.topics import BEGINNINGS
from gateway.kafka.group_offsets import EGRESS_GROUP_ID, STREAM_GROUP_ID
from tests.chart.rendering import ROOT, VALUES, of_kind, pods, rendered
from tests.chart.values_schema import CHART

ALERTS = {
    "GatewayCircuitsOpen",
    "GatewayCommitStalled",
    "GatewayDeadLettersRising",
    "GatewayDeliveryLagHigh",
    "GatewayEventsRejected",
    "GatewayFilterErrors",
    "GatewayProcessDown",
    "GatewayTableUnread",
}


@pytest.fixture(scope="module")
def rules() -> list[Any]:
    """The alerts, of a release with everything on."""
    found = of_kind(rendered(VALUES["strimzi"]), "PrometheusRule")
    return [rule for group in found["alerts"]["spec"]["groups"] for rule in group["rules"]]


def test_every_alert_has_a_runbook(rules: list[Any]) -> None:
    """Who is woken up is told what it means and what to do; the anchors are those of the page."""
    page = (ROOT / "docs" / "operations.md").read_text()
    assert {rule["alert"] for rule in rules} == ALERTS
    for rule in rules:
        assert rule["annotations"]["runbook_url"] == f"docs/operations.md#{rule['alert'].lower()}"
        assert f"\n### {rule['alert']}\n" in page
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in {"critical", "warning"}


def test_alerts_look_at_this_release_only(rules: list[Any]) -> None:
    """Two releases in one cluster don't set off each other's alerts."""
    for rule in rules:
        selectors = re.findall(r"webhook_gateway_\w+\{([^}]*)\}", rule["expr"])
        assert len(selectors) == len(re.findall(r"webhook_gateway_\w+", rule["expr"]))
        assert all('namespace="webhooks"' in found and "gw-webhook-gateway-" in found for found in selectors)


def test_the_dashboard_goes_to_grafana_as_it_is() -> None:
    """What its sidecar finds is the file of the repository; nothing in it is taken for a template."""
    values = {"monitoring": {"dashboard": {"enabled": True, "annotations": {"grafana_folder": "Webhooks"}}}}
    board = of_kind(rendered(VALUES["minimal"], values=values), "ConfigMap")["dashboard"]
    assert board["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert board["metadata"]["annotations"] == {"grafana_folder": "Webhooks"}
    assert board["data"] == {"webhook-gateway.json": (CHART / "dashboards" / "webhook-gateway.json").read_text()}


def test_lag_is_that_of_the_programs_groups() -> None:
    """The groups and topics are the program's own; retry topics, which wait on purpose, scale nothing."""
    scaled = of_kind(rendered(VALUES["strimzi"]), "ScaledObject")
    triggers = {name: [each["metadata"] for each in found["spec"]["triggers"]] for name, found in scaled.items()}
    assert {each["consumerGroup"] for each in triggers["stream"]} == {STREAM_GROUP_ID}
    assert {each["consumerGroup"] for each in triggers["egress"]} == {EGRESS_GROUP_ID}
    assert [each["topic"] for each in triggers["egress"]] == list(BEGINNINGS)


@pytest.mark.parametrize(
    ("protocol", "mechanism", "expected"),
    [
        ("SSL", None, {"tls": "enable"}),
        ("SASL_SSL", "PLAIN", {"tls": "enable", "sasl": "plaintext"}),
        ("SASL_SSL", "SCRAM-SHA-256", {"tls": "enable", "sasl": "scram_sha256"}),
        ("SASL_PLAINTEXT", "SCRAM-SHA-512", {"tls": "disable", "sasl": "scram_sha512"}),
        ("SASL_SSL", "OAUTHBEARER", {"tls": "enable", "sasl": "oauthbearer"}),
    ],
)
def test_keda_logs_in_as_the_program_does(protocol: str, mechanism: str | None, expected: dict[str, str]) -> None:
    """The settings say how Kafka is reached; KEDA has other words for it."""
    values = {
        "config": {"kafka_security_protocol": protocol, "kafka_sasl_mechanism": mechanism},
        "keda": {"authenticationRef": "lag"},
        "stream": {"autoscaling": {"kind": "keda"}},
    }
    (trigger,) = of_kind(rendered(VALUES["minimal"], values=values), "ScaledObject")["stream"]["spec"]["triggers"]
    assert {name: trigger["metadata"][name] for name in ("tls", "sasl") if name in trigger["metadata"]} == expected


def test_scaled_deployments_name_no_number_of_replicas() -> None:
    """An upgrade would put it back to that number, whatever the load."""
    for base in ("strimzi", "strimzi-tls"):
        for found in of_kind(rendered(VALUES[base]), "Deployment").values():
            assert "replicas" not in found["spec"]


def test_probes_ask_where_the_process_answers() -> None:
    """The port is set once, for the program, the container, the service and Prometheus."""
    found = rendered(VALUES["strimzi"], values={"probes": {"port": 9999}})
    for name in ("stream", "egress"):
        (container,) = pods(found)[name]["spec"]["containers"]
        assert {"name": "GATEWAY_PROBES_PORT", "value": "9999"} in container["env"]
        assert container["ports"] == [{"name": "probes", "containerPort": 9999}]
        assert container["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "probes"}
        assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "probes"}
        assert of_kind(found, "Service")[name]["spec"]["ports"][0]["port"] == 9999
