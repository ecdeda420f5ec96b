"""What the policies let through is what the program would: one set of rules, held in two places."""

import ipaddress
from typing import Any

import pytest

from gateway.domain.addresses import DEFAULT_PORTS, GLOBAL_UNICAST_V6, SPECIAL_NETWORKS
from tests.chart.rendering import VALUES, of_kind, rendered

_PUBLIC = ("8.8.8.8", "93.184.215.14", "2606:4700::1111")
_METADATA = ("169.254.169.254", "168.63.129.16", "100.100.100.200", "fd00:ec2::254", "192.0.0.192")


def _rules(values: dict[str, Any] | None = None, *, process: str = "egress", base: str = "minimal") -> list[Any]:
    policies = of_kind(rendered(VALUES[base], values=values), "NetworkPolicy")
    return list(policies[process]["spec"]["egress"])


def _reaches(rules: list[Any], address: str, port: int) -> bool:
    """Whether a rule lets a connection to an address outside of the cluster through, as Kubernetes evaluates it."""
    return any(
        _has(rule.get("ports", []), port) and any(_is_in(peer.get("ipBlock"), address) for peer in rule["to"])
        for rule in rules
        if "to" in rule
    )


def _has(ports: list[Any], port: int) -> bool:
    return any(
        each["port"] <= port <= each.get("endPort", each["port"]) and each.get("protocol", "TCP") == "TCP"
        for each in ports
    )


def _is_in(block: Any, address: str) -> bool:
    if block is None:
        return False
    found = ipaddress.ip_address(address)
    excepted = any(found in ipaddress.ip_network(network) for network in block.get("except", []))
    return found in ipaddress.ip_network(block["cidr"]) and not excepted


def test_deliveries_reach_the_internet_and_nothing_that_is_not() -> None:
    """Every network that the program refuses is refused by the policy, and so are the metadata services."""
    rules = _rules()
    assert all(_reaches(rules, address, 443) for address in _PUBLIC)
    for special in SPECIAL_NETWORKS:
        for address in (special.network[0], special.network[-1]):
            assert not _reaches(rules, str(address), 443), special
    assert not any(_reaches(rules, address, 443) for address in _METADATA)


def test_ports_are_those_of_the_setting() -> None:
    """The default of the chart is the program's, and a setting changes both."""
    default, narrow = _rules(), _rules({"config": {"endpoint_ports": "443, 8443-8444"}})
    for ports in DEFAULT_PORTS:
        assert all(_reaches(default, _PUBLIC[0], port) for port in (ports.first, ports.last))
    assert not any(_reaches(default, _PUBLIC[0], port) for port in (25, 80, 1023))
    assert [port for port in (80, 443, 8442, 8443, 8444, 8445, 9999) if _reaches(narrow, _PUBLIC[0], port)] == [
        443,
        8443,
        8444,
    ]


def test_networks_are_those_of_the_settings() -> None:
    """What is allowed or denied to the program is allowed or denied to its pods."""
    values = {
        "config": {
            "allow_networks": "10.20.0.0/16,fd00:20::/32",
            "deny_networks": "8.8.8.0/24, 2606:4700::/32, fd00::/8",
        }
    }
    rules = _rules(values)
    assert _reaches(rules, "10.20.1.1", 443)
    assert _reaches(rules, "fd00:20::1", 443)
    assert not _reaches(rules, "10.21.1.1", 443)
    assert not _reaches(rules, "8.8.8.8", 443)
    assert not _reaches(rules, "2606:4700::1111", 443)
    assert _reaches(rules, "93.184.215.14", 443)


@pytest.mark.parametrize("values", [None, {"config": {"deny_networks": "8.8.8.0/24,fd00::/8,2606:4700::/32"}}])
def test_exceptions_are_inside_of_what_they_are_of(values: dict[str, Any] | None) -> None:
    """Kubernetes refuses a policy whose exception is not."""
    blocks = [peer["ipBlock"] for rule in _rules(values) for peer in rule.get("to", []) if "ipBlock" in peer]
    assert blocks
    for block in blocks:
        whole = ipaddress.ip_network(block["cidr"])
        assert whole in (ipaddress.ip_network("0.0.0.0/0"), GLOBAL_UNICAST_V6)
        for network in block["except"]:
            inside = ipaddress.ip_network(network)
            assert inside.version == whole.version
            assert whole.supernet_of(inside)  # type: ignore[arg-type]
            assert inside != whole


def test_only_egress_reaches_the_internet() -> None:
    """The stream and the topics job talk to Kafka and name servers."""
    for process in ("stream", "topics"):
        assert not any(_reaches(_rules(process=process), address, 443) for address in _PUBLIC)


def test_behind_a_proxy_only_the_proxy_is_reached() -> None:
    """Where deliveries leave through a proxy, what goes around it is stopped."""
    rules = _rules(base="strimzi-tls")
    assert not any(_reaches(rules, address, 443) for address in _PUBLIC)
    assert {"port": 3128} in [port for rule in rules for port in rule["ports"]]


def test_nobody_reaches_the_pods_but_who_may_read_metrics() -> None:
    """Policies of ingress are there even where nobody is let in."""
    for base, peers in (("minimal", 0), ("strimzi", 1)):
        policies = of_kind(rendered(VALUES[base]), "NetworkPolicy")
        for name, policy in policies.items():
            assert set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}
            assert len(policy["spec"]["ingress"]) == (0 if name == "topics" else peers)


def test_the_console_is_reached_by_those_who_are_named() -> None:
    """And by nobody else; it connects to Kafka and name servers, like the stream."""
    ingress = [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}]
    for given, expected in (({}, []), ({"from": ingress}, [{"from": ingress, "ports": [{"port": 8090}]}])):
        values = {"console": {"enabled": True, **given}}
        policies = of_kind(rendered(VALUES["minimal"], values=values), "NetworkPolicy")
        assert policies["console"]["spec"]["ingress"] == expected
        assert policies["console"]["spec"]["egress"] == policies["stream"]["spec"]["egress"]
