"""Every value is used: each one that is changed changes what is rendered."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import yaml

from tests.chart.rendering import VALUES, leaves, rendered, template
from tests.chart.values_schema import CHART

DEFAULTS: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
_PEERS = [{"podSelector": {"matchLabels": {"app": "changed"}}}]
_RULES = [{"to": _PEERS, "ports": [{"port": 4444}]}]
# What a value is changed to, where its type alone does not say.
_CHANGED: dict[str, Any] = {
    "image.digest": f"sha256:{'0' * 64}",
    "image.pullPolicy": "Always",
    "image.pullSecrets": ["changed"],
    "config": {"log_level": "debug"},
    "files": {"kafka_ca_file": {"secret": "changed", "key": "ca"}},
    "catalog.volume": {"emptyDir": {}},
    "strimzi.authentication": "scram-sha-512",
    "kind": "hpa",
    "console.from": _PEERS,
    "console.index.sizeLimit": "77Gi",
    "tolerations": [{"key": "changed", "operator": "Exists"}],
    "resources.requests.cpu": "123m",
    "resources.requests.memory": "123Mi",
    "resources.limits.memory": "123Mi",
    "extraEgress": _RULES,
    "securityContext.capabilities.drop": ["NET_RAW"],
    "topologySpread.topologyKeys": ["changed"],
    "topologySpread.whenUnsatisfiable": "DoNotSchedule",
    "networkPolicy.metricsFrom": _PEERS,
    "networkPolicy.dns.to": _PEERS,
    "networkPolicy.kafka.to": _PEERS,
    "networkPolicy.kafka.ports": [1234],
    "networkPolicy.deliveries.proxy": _RULES,
    "networkPolicy.deliveries.exceptIPv4": ["20.0.0.0/8"],
    "networkPolicy.deliveries.exceptIPv6": ["2a00::/16"],
    "keda.authenticationKind": "ClusterTriggerAuthentication",
    "interval": "77s",
    "scrapeTimeout": "7s",
}
# What has to be on for a value to matter.
_EVERYTHING: dict[str, Any] = {
    "files": {"secret_keys_file": {"secret": "keys", "key": "keys"}},
    "receiver": {"enabled": True, "secret": "receiver"},
    "console": {"enabled": True},
    "strimzi": {"cluster": "events"},
    "keda": {"authenticationRef": "lag"},
    "monitoring": {
        "dashboard": {"enabled": True},
        "serviceMonitor": {"enabled": True},
        "prometheusRule": {"enabled": True},
    },
}
_HPA = {name: {"autoscaling": {"kind": "hpa"}} for name in ("stream", "egress")}
_KEDA = {name: {"autoscaling": {"kind": "keda"}} for name in ("stream", "egress")}
_WORLDS: tuple[Mapping[str, Any], ...] = (_EVERYTHING, {**_EVERYTHING, **_KEDA}, {**_EVERYTHING, **_HPA})
_PATHS = [".".join(path) for path, _ in leaves(DEFAULTS)]


def _changed(path: str, value: Any) -> Any:
    for known in (path, *(".".join(path.split(".")[start:]) for start in (1, 2))):
        if known in _CHANGED:
            return _CHANGED[known]
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return "changed"
        case dict():
            return {"changed": "changed"}
        case _:
            raise AssertionError(f"say what {path} could be changed to")


def _with(world: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the values in which one is another; a mapping adds to what is there."""
    first, _, rest = path.partition(".")
    below = world.get(first)
    if rest:
        return {**world, first: _with(below or {}, rest, value)}
    return {**world, first: {**below, **value} if isinstance(below, dict) else value}


def _value(world: Mapping[str, Any], path: str) -> Any:
    """The value that a world has, or the default."""
    found: Any = DEFAULTS
    given: Any = world
    for part in path.split("."):
        found = found[part]
        given = given.get(part) if isinstance(given, dict) else None
    return found if given is None else given


@pytest.fixture(scope="module")
def plain() -> list[str]:
    """What is rendered of each world as it is."""
    return [template(values=world).stdout for world in _WORLDS]


def test_every_value_is_used(plain: list[str]) -> None:
    """A value that changes nothing is a promise that nobody keeps."""

    def is_used(path: str) -> bool:
        for world, before in zip(_WORLDS, plain, strict=True):
            done = template(values=_with(world, path, _changed(path, _value(world, path))))
            assert done.returncode == 0, (path, done.stderr)
            if done.stdout != before:
                return True
        return False

    assert all(plain)
    with ThreadPoolExecutor(2) as threads:
        unused = [path for path, used in zip(_PATHS, threads.map(is_used, _PATHS), strict=True) if not used]
    assert unused == []


def test_a_process_that_is_off_leaves_nothing_behind() -> None:
    """Where egress runs elsewhere, this release has no trace of it, and needs no key ring."""
    config = {"bootstrap_servers": "kafka:9092"}
    monitoring = {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}}
    off = {"egress": {"enabled": False}, "topics": {"enabled": False}}
    names = [each["metadata"]["name"] for each in rendered(values={"config": config, "monitoring": monitoring, **off})]
    assert {name.rpartition("-")[2] for name in names} == {"stream", "alerts"}


def test_names_stay_within_what_kubernetes_takes() -> None:
    """A long release name is cut, so that every name of 63 characters stays one."""
    for resource in rendered(VALUES["minimal"], values={"fullnameOverride": "n" * 60}):
        assert len(resource["metadata"]["name"]) <= 63
