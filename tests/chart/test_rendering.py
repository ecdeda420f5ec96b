"""What the chart renders is what Kubernetes takes, and what was agreed on: lint, schemas, golden files, references."""

from pathlib import Path

import orjson
import pytest
import yaml

import gateway
from tests.chart.rendering import (
    GOLDEN,
    NEWEST,
    TOOLS,
    VALUES,
    Resource,
    golden_text,
    of_kind,
    pods,
    rendered,
    run,
    template,
    tool,
)
from tests.chart.values_schema import CHART

EVERY_FILE = pytest.mark.parametrize("file", VALUES.values(), ids=VALUES.keys())
# Kinds of operators: there are no schemas of them here.
_FOREIGN = "ServiceMonitor,PrometheusRule,ScaledObject"
_HOOK = "helm.sh/hook"


@EVERY_FILE
def test_the_linter_finds_nothing(file: Path) -> None:
    """`helm lint` is what packagers look at first."""
    done = run(tool("helm"), "lint", str(CHART), "--strict", "--kube-version", NEWEST, "-f", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


@EVERY_FILE
def test_renderings_are_as_agreed(file: Path) -> None:
    """A change of what is deployed is seen in a review. `python -m tests.chart.rendering` writes them anew."""
    name = file.stem.removeprefix("values-")
    done = template(file)
    assert done.returncode == 0, done.stderr
    assert golden_text(done.stdout) == (GOLDEN / f"{name}.yaml").read_text()


@pytest.mark.parametrize("version", ["1.27.0", NEWEST])
def test_kubernetes_knows_every_field(version: str) -> None:
    """A field that is misspelt is dropped in silence by older clusters, and refused by newer ones."""
    schemas = TOOLS / "schemas" / "{{ .NormalizedKubernetesVersion }}" / "{{ .ResourceKind }}{{ .KindSuffix }}.json"
    options = ("-strict", "-kubernetes-version", version, "-schema-location", str(schemas), "-skip", _FOREIGN)
    done = run(tool("kubeconform"), *options, *(str(file) for file in sorted(GOLDEN.glob("*.yaml"))))
    assert done.returncode == 0, done.stdout + done.stderr


@EVERY_FILE
def test_everything_that_is_named_is_there(file: Path) -> None:
    """An object that refers to one that nobody makes waits forever; what a hook needs has to be there before it."""
    resources = rendered(file)
    accounts, secrets = of_kind(resources, "ServiceAccount"), of_kind(resources, "Secret")
    hooks = {(each["kind"], each["metadata"]["name"]) for each in resources if _is_hook(each)}
    for name, pod in pods(resources).items():
        spec = pod["spec"]
        assert spec["serviceAccountName"] == accounts[name]["metadata"]["name"]
        assert spec["automountServiceAccountToken"] is False
        own = secrets[name]["metadata"]["name"] if name in secrets else None
        volumes = spec.get("volumes", [])
        for source in [each for volume in volumes for each in volume.get("projected", {}).get("sources", [])]:
            if own and source.get("secret", {}).get("name") == own:
                assert source["secret"]["items"][0]["key"] in secrets[name]["stringData"]
        mounted = {mount["name"] for mount in spec["containers"][0].get("volumeMounts", [])}
        assert mounted == {volume["name"] for volume in volumes}
        if name == "topics":
            assert ("ServiceAccount", spec["serviceAccountName"]) in hooks
            assert own is None or ("Secret", own) in hooks


@EVERY_FILE
def test_selectors_find_the_pods(file: Path) -> None:
    """A service, budget or policy whose selector finds nothing does nothing, and says nothing."""
    resources = rendered(file)
    found = pods(resources)
    for kind in ("Service", "PodDisruptionBudget", "NetworkPolicy"):
        for name, each in of_kind(resources, kind).items():
            selector = each["spec"].get("selector") or each["spec"].get("podSelector")
            wanted = selector.get("matchLabels", selector)
            assert wanted.items() <= found[name]["metadata"]["labels"].items(), (kind, name)
    services = of_kind(resources, "Service")
    for name, each in of_kind(resources, "ServiceMonitor").items():
        assert each["spec"]["selector"]["matchLabels"].items() <= services[name]["metadata"]["labels"].items()


@EVERY_FILE
def test_pods_fit_the_restricted_standard(file: Path) -> None:
    """Pod Security `restricted`, and a root filesystem that nothing can be written to."""
    for pod in pods(rendered(file)).values():
        spec = pod["spec"]
        (container,) = spec["containers"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert not any(spec.get(name) for name in ("hostNetwork", "hostPID", "hostIPC"))
        kinds = {key for volume in spec.get("volumes", []) for key in volume if key != "name"}
        assert kinds <= {"configMap", "secret", "projected", "emptyDir"}


def test_chart_and_program_have_one_version() -> None:
    """A chart deploys the image of its own release."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == gateway.__version__


def test_a_typo_is_refused_wherever_it_is() -> None:
    """A value that nobody reads would be believed to be set."""
    typos: list[Resource] = [
        {"replica": 3},
        {"stream": {"replica": 3}},
        {"config": {"bootstrap_server": "kafka:9092"}},
        {"config": {"kafka_sasl_password": "in the environment"}},
        {"files": {"secret_keys_file": {"secretName": "keys", "key": "keys"}}},
        {"files": {"kafka_ca_file": {"secret": "ca"}}},
        {"files": {"kafka_ca_file": {"secret": "ca", "configMap": "ca", "key": "ca.crt"}}},
        {"egress": {"autoscaling": {"kind": "vpa"}}},
        {"config": {"max_body_bytes": 1}},
        {"networkPolicy": {"kafka": {"ports": []}}},
    ]
    for typo in typos:
        done = template(VALUES["minimal"], values=typo)
        assert done.returncode != 0, typo
        assert "don't meet the specifications of the schema" in done.stderr, typo


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "config.bootstrap_servers is missing"),
        ({"config": {"bootstrap_servers": "kafka:9092"}}, "files.secret_keys_file is missing"),
        (
            {
                "strimzi": {"cluster": "events"},
                "files": {"secret_keys_file": {"value": "k"}},
                "stream": {"autoscaling": {"kind": "keda"}},
            },
            "keda.authenticationRef is missing",
        ),
    ],
)
def test_what_is_missing_is_said_before_anything_is_deployed(values: Resource, said: str) -> None:
    """Pods that can't start tell it too late."""
    done = template(values=orjson.loads(orjson.dumps(values)))
    assert done.returncode != 0
    assert said in done.stderr


def _is_hook(resource: Resource) -> bool:
    return _HOOK in resource["metadata"].get("annotations", {})
