"""Renders the chart as a user would, with `helm template`, and finds things in what comes out.

Run as a module it writes the golden files anew: `python -m tests.chart.rendering`.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

import gateway
from tests.chart.values_schema import CHART

ROOT = CHART.parents[1]
TOOLS = ROOT / ".tools"
HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
VALUES = {file.stem.removeprefix("values-"): file for file in sorted(HERE.glob("values-*.yaml"))}
RELEASE, NAMESPACE = "gw", "webhooks"
NEWEST = "1.37.0"
_VERSION = "VERSION"

Resource = dict[str, Any]


def tool(name: str) -> str:
    """Find a program that `make chart-tools` builds; the test is skipped where it is missing."""
    found = shutil.which(str(TOOLS / name)) or shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name}: make chart-tools")
    return found


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program and keep what it says."""
    return subprocess.run(arguments, input=stdin, capture_output=True, text=True, check=False, timeout=60)


def template(*files: Path, values: Mapping[str, Any] | None = None) -> subprocess.CompletedProcess[str]:
    """Render the chart with value files and, stronger, values of the test."""
    chosen = [argument for file in files for argument in ("-f", str(file))]
    command = [tool("helm"), "template", RELEASE, str(CHART), "-n", NAMESPACE, "--kube-version", NEWEST]
    return run(*command, *chosen, "-f", "-", stdin=orjson.dumps(values or {}).decode())


def rendered(*files: Path, values: Mapping[str, Any] | None = None) -> list[Resource]:
    """Render the chart, which has to work, into its objects."""
    done = template(*files, values=values)
    assert done.returncode == 0, done.stderr
    return [found for found in yaml.safe_load_all(done.stdout) if found]


def of_kind(resources: list[Resource], kind: str) -> dict[str, Resource]:
    """Map the names of the objects of a kind, without the release's, to the objects."""
    prefix = f"{RELEASE}-webhook-gateway-"
    return {each["metadata"]["name"].removeprefix(prefix): each for each in resources if each["kind"] == kind}


def pods(resources: list[Resource]) -> dict[str, Resource]:
    """Map each process to its pods' template."""
    return {
        name: each["spec"]["template"]
        for kind in ("Deployment", "Job")
        for name, each in of_kind(resources, kind).items()
    }


def environment(pod: Resource) -> dict[str, str]:
    """The environment of a pod's only container."""
    (container,) = pod["spec"]["containers"]
    return {each["name"]: each["value"] for each in container.get("env", [])}


def golden_text(rendering: str) -> str:
    """A rendering as its golden file has it: a release changes no golden file."""
    return rendering.replace(gateway.__version__, _VERSION)


def leaves(values: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value of a tree of mappings, with its path; an empty mapping is a value."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name), value


def main() -> None:
    """Write the golden files anew."""
    for name, file in VALUES.items():
        done = template(file)
        if done.returncode:
            sys.exit(done.stderr)
        (GOLDEN / f"{name}.yaml").write_text(golden_text(done.stdout))


if __name__ == "__main__":
    main()
