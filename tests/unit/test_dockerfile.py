"""The Dockerfile agrees with what else says the same: the chart, the pages, and what is sent to the engine."""

import re

import yaml

from tests.generated_docs import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
VALUES = yaml.safe_load((ROOT / "helm" / "webhook-gateway" / "values.yaml").read_text())


def test_the_chart_runs_the_image_as_it_is_made() -> None:
    """The same name, user, port and home."""
    pod = VALUES["podSecurityContext"]
    assert f"\nUSER {pod['runAsUser']}:{pod['runAsGroup']}\n" in DOCKERFILE
    assert f"\nEXPOSE {VALUES['probes']['port']}\n" in DOCKERFILE
    assert f" GATEWAY_PROBES_PORT={VALUES['probes']['port']}\n" in DOCKERFILE
    assert f"-t {VALUES['image']['repository']}:$(VERSION)" in (ROOT / "Makefile").read_text()
    templates = (ROOT / "helm" / "webhook-gateway" / "templates" / "_settings.tpl").read_text()
    home = re.search(r'define "webhook-gateway.homeDir" -}}(\S+?){{', templates)
    assert home is not None
    assert f" GATEWAY_HOME={home[1]} " in DOCKERFILE


def test_all_that_is_copied_is_sent_and_nothing_else() -> None:
    """A file that is sent without need, like a key ring beside the checkout, could end in a layer."""
    copied = {
        source for line in re.findall(r"^COPY ((?!--from).+) \S+$", DOCKERFILE, re.MULTILINE) for source in line.split()
    }
    sent = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert {name.split("/")[0] for name in copied} == sent
    assert all((ROOT / name).exists() for name in copied)


def test_the_base_is_named_once_with_the_python_that_is_newest_here() -> None:
    """All stages have the same one, so that an environment made in the first works in the last."""
    [base] = re.findall(r"^ARG BASE_IMAGE=python:(\S+)-slim$", DOCKERFILE, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${BASE_IMAGE}"}
    assert f"Programming Language :: Python :: {base}" in (ROOT / "pyproject.toml").read_text()
