"""The stack of the Compose file: what `docker compose up` promises, from the first event to a stop in peace.

The tests stand in the order of a stack's life, and share one.
"""

import json
import re
from functools import partial, reduce
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
import yaml

from tests.compose.conftest import Stack, documented
from tests.compose.steady_load import SteadyLoad, steady_load
from tests.container_engine import has_image, run_once, until
from tests.unit.test_dashboard import TARGETS, alert_rules

_ARRIVAL_S = 120.0
_HEALED_S = 120.0
_SEEN_S = 60.0
_TENANT = "default"
_BETWEEN_KILLS = 20
_DEMO_EVENTS = 10
# What the test receiver prints of a request: time, inbox, type, id, which time it came, verdict, answer.
_ACCEPTED = re.compile(r"^.*\s(\S+)(?: \(no\. \d+\))?  verified  200$", re.MULTILINE)

pytestmark = pytest.mark.timeout(600)  # with the start of the stack


def _accepted(stack: Stack) -> set[str]:
    """The ids that the receiver has verified and accepted, before and after kills: its container's log outlives it."""
    return set(_ACCEPTED.findall(stack.project.compose("logs --no-color --no-log-prefix receiver")))


def _get(url: str, **query: str) -> Any:
    with urlopen(f"{url}?{urlencode(query)}", timeout=10) as answer:  # noqa: S310 - an address of this machine
        return json.load(answer)


def _prometheus(stack: Stack) -> str:
    """The name of Prometheus' image; the test is skipped where it would have to be pulled."""
    name = stack.project.image("prometheus")
    if not has_image(name):
        pytest.skip(f"there is no image {name}")
    return name


def test_coming_up_shows_deliveries(stack: Stack) -> None:
    """Two commands on a fresh machine: everything gets healthy, and the demo's events arrive with good signatures."""
    [demo] = stack.project.containers("demo")
    assert stack.project.state(demo)["ExitCode"] == 0
    for service in ("kafka", "stream", "egress", "console", "receiver"):
        for container in stack.project.containers(service):
            assert stack.project.is_healthy(container)
    until(lambda: len(_accepted(stack)) == _DEMO_EVENTS, _ARRIVAL_S, lambda: _accepted(stack))
    stats = _get(f"{stack.receiver}/stats")["demo"]
    assert (stats["accepted_ids"], stats["rejected"]) == (_DEMO_EVENTS, 0)


def test_any_command_runs_beside_the_stack(stack: Stack) -> None:
    """An operator needs nothing but the file."""

    def delivered() -> int:
        return sum("delivered" in line for line in stack.project.compose(documented("run")).splitlines())

    # What came of an attempt is written after its receiver has had it.
    until(lambda: delivered() == _DEMO_EVENTS, _SEEN_S, delivered)
    shown = stack.project.compose("run --rm gateway subscriptions list --json")
    assert [json.loads(line)["id"] for line in shown.splitlines()] == ["demo"]


def test_the_console_shows_what_was_delivered_to_who_has_a_token(stack: Stack) -> None:
    """Published on this machine only, and still it asks who comes."""
    with pytest.raises(HTTPError) as refused:
        _get(f"{stack.console}/api/v1/deliveries")
    refused.value.close()
    assert refused.value.code == HTTPStatus.MISDIRECTED_REQUEST  # by its address, it is not asked for by a browser
    made = stack.project.compose("run --rm gateway tokens create --name me --role viewer --json")
    asked = Request(  # noqa: S310 - an address of this machine
        f"{stack.console}/api/v1/deliveries", headers={"Authorization": f"Bearer {json.loads(made)['token']}"}
    )

    def delivered() -> int:
        with urlopen(asked, timeout=10) as answer:  # noqa: S310 - an address of this machine
            return sum(one["state"] == "delivered" for one in json.load(answer)["items"])

    until(lambda: delivered() == _DEMO_EVENTS, _SEEN_S, delivered)


def test_prometheus_sees_every_process_and_the_dashboard_has_its_numbers(stack: Stack) -> None:
    """Egress that was scaled out is seen, and every query of the dashboard is one that Prometheus takes."""
    _prometheus(stack)
    stack.project.start("--profile monitoring up --detach --wait --no-deps prometheus")
    api = f"{stack.prometheus}/api/v1"

    def ready() -> int:
        found = _get(f"{api}/query", query="sum(webhook_gateway_ready)")["data"]["result"]
        return int(found[0]["value"][1]) if found else 0

    until(lambda: ready() == 3, _SEEN_S, ready)
    variables = {"$namespace": ".*", "$job": "webhook-gateway-.*", "$__rate_interval": "20s"}
    for title, query in TARGETS:
        filled_in = reduce(lambda text, variable: text.replace(*variable), variables.items(), query)
        assert _get(f"{api}/query", query=filled_in)["status"] == "success", title


def test_prometheus_takes_the_charts_alerts(stack: Stack) -> None:
    """A rule with a fault in it would keep the whole file of rules from being loaded."""
    rules = yaml.safe_dump(alert_rules())
    check = "cat > /tmp/rules.yml && promtool check rules --lint-fatal /tmp/rules.yml"
    said = run_once(_prometheus(stack), "sh", "-c", check, given=rules)
    assert f"{rules.count('alert:')} rules found" in said


def test_killing_any_container_under_load_loses_nothing(stack: Stack) -> None:
    """Each process dies once as in a crash, while events come; the engine starts it again, and every event arrives."""
    with steady_load(stack.kafka, _TENANT) as load:
        for service in ("receiver", "egress", "stream", "kafka"):
            published = len(load.acknowledged)
            _kill_and_await(stack, stack.project.containers(service)[0])
            until(partial(_has_gone_on, load, published), _HEALED_S, partial(len, load.acknowledged))
    until(lambda: load.acknowledged <= _accepted(stack), _ARRIVAL_S, lambda: load.acknowledged - _accepted(stack))
    assert _get(f"{stack.receiver}/stats")["demo"]["rejected"] == 0


def _kill_and_await(stack: Stack, container: str) -> None:
    """Kill a container's process, and wait until the engine has started another one that is well."""
    killed = stack.project.state(container)["Pid"]
    stack.project.kill(container, stack.image)

    def healed() -> bool:
        return stack.project.state(container)["Pid"] != killed and stack.project.is_healthy(container)

    until(healed, _HEALED_S, lambda: stack.project.state(container))


def _has_gone_on(load: SteadyLoad, published: int) -> bool:
    return len(load.acknowledged) > published + _BETWEEN_KILLS


def test_stopping_ends_every_process_in_peace(stack: Stack) -> None:
    """Nobody has to be killed: what was under way is finished within the grace that the file gives."""
    containers = {service: stack.project.containers(service) for service in ("receiver", "egress", "stream", "kafka")}
    stack.project.compose("stop")
    for service, ids in containers.items():
        # Java tells by its exit code that it ended on SIGTERM.
        assert {stack.project.state(container)["ExitCode"] for container in ids} == {143 if service == "kafka" else 0}
