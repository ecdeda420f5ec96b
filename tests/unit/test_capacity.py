"""The capacity model: its costs are what was measured, and it foretells measurements that it was not made from."""

import json
from dataclasses import replace
from typing import Any

import orjson
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli.capacity import command
from gateway.domain.capacity import (
    ATTEMPT_RECORD_BYTES,
    BROKER_COST,
    DELIVERY_RECORD_BYTES,
    EGRESS_COST,
    EGRESS_MEMORY,
    STREAM_COST,
    STREAM_MEMORY,
    CpuCost,
    Load,
    capacity_for,
    problems_with,
)
from gateway.wire.records import attempt_codec, delivery_codec
from tests.delivery_records import T0, attempt_of, planned
from tests.generated_docs import MEASURED

LOAD = Load(
    events_per_s=100,
    fan_out=3,
    attempts=1,
    attempt_s=0.2,
    event_bytes=500,
    body_bytes=1000,
    subscriptions=1000,
    events_kept_s=7 * 86_400,
    replication=3,
    utilisation=0.6,
)
RESULTS: dict[str, Any] = orjson.loads(MEASURED.read_bytes())
PARTS = {"stream": STREAM_COST, "egress": EGRESS_COST, "broker": BROKER_COST}
# What the benchmark's own parts take of the same two cores.
OTHERS = ("receiver", "publisher")


def cost_us(part: CpuCost, fan_out: int) -> float:
    """CPU time of one delivery, microseconds."""
    return part.cores(1e6 / fan_out, 1e6)


@pytest.mark.parametrize("fan_out", [1, 10])
@pytest.mark.parametrize("name", PARTS)
def test_costs_are_those_that_were_measured(name: str, fan_out: int) -> None:
    """Who measures anew and finds something else has to bring it into the model."""
    measured = RESULTS[f"fan_out_{fan_out}"]["window"]["cpu_us_per_delivery"][name]
    assert cost_us(PARTS[name], fan_out) == pytest.approx(measured, rel=0.15)


def test_memory_is_what_was_measured() -> None:
    """The peak under load, and what 100,000 subscriptions add."""
    peaks = [RESULTS[f"fan_out_{fan_out}"]["window"]["peak_rss_mb"] for fan_out in (1, 10)]
    for name, cost in (("stream", STREAM_MEMORY), ("egress", EGRESS_MEMORY)):
        assert cost.process_mib == pytest.approx(max(peak[name] for peak in peaks), rel=0.15)
        held = RESULTS["match"][f"{name}_rss_mb"]
        assert cost.process_mib + cost.thousand_subscriptions_mib * 100 == pytest.approx(held, rel=0.4)
        assert cost.process_mib + cost.thousand_subscriptions_mib * 100 >= held


@pytest.mark.parametrize("fan_out", [1, 10])
def test_it_foretells_the_rate_of_the_whole_path(fan_out: int) -> None:
    """All parts share the machine's cores, and an egress process has no more than one."""
    found = RESULTS[f"fan_out_{fan_out}"]["window"]
    others_us = sum(found["cpu_us_per_delivery"][name] for name in OTHERS)
    all_us = sum(cost_us(part, fan_out) for part in PARTS.values()) + others_us
    cores = RESULTS["machine"]["cores"] - found["other_cores_used"]
    foretold = min(cores * 1e6 / all_us, 1e6 / cost_us(EGRESS_COST, fan_out))
    assert foretold == pytest.approx(found["deliveries_per_s"], rel=0.15)


def test_it_foretells_how_fast_backlogs_are_made_and_drained() -> None:
    """Neither measurement is among those that the costs were made from; each has one busy process."""
    backlog = RESULTS["backlog"]
    assert 1e6 / cost_us(STREAM_COST, 10) == pytest.approx(backlog["planned_per_s"], rel=0.15)
    assert 1e6 / EGRESS_COST.delivery_us == pytest.approx(backlog["drain_per_s"], rel=0.15)
    assert 1e6 / cost_us(EGRESS_COST, 1) == pytest.approx(RESULTS["two_egress"]["projected_one_per_s"], rel=0.15)


def test_records_are_no_larger_than_the_model_says() -> None:
    """With ids and headers as they come; what Kafka adds to a record is some 20 bytes, and the key."""
    event_id, trace = "0b0e6a52-64a6-4c0b-9d0e-7d1f5b1b9a01", f"00-{'a' * 32}-{'b' * 16}-01"
    delivery = replace(planned(event_id, "sub_4f7n2kq3"), traceparent=trace, event_key=event_id.encode())
    size = len(delivery_codec().encode(delivery)) - len(delivery.body) + len(delivery.subscription_id) + 20
    assert DELIVERY_RECORD_BYTES * 0.7 < size <= DELIVERY_RECORD_BYTES
    attempt = attempt_of(delivery, 1, "delivered", at_ms=T0, status=200)
    told = replace(attempt, response_excerpt='{"ok":true}', response_headers=(("X-Request-Id", event_id),))
    size = len(attempt_codec().encode(told)) + len(delivery.delivery_id) + 20
    assert ATTEMPT_RECORD_BYTES * 0.7 < size <= ATTEMPT_RECORD_BYTES


def test_a_load_by_hand() -> None:
    """The formula of docs/operations.md, with its numbers."""
    capacity = capacity_for(LOAD, egress_budget_bytes=64 * 2**20)
    assert capacity.deliveries_per_s == 300
    assert capacity.stream.cores == pytest.approx((176 * 100 + 12.5 * 300) / 1e6)
    assert (capacity.stream.processes, capacity.egress.processes, capacity.partitions) == (2, 2, 6)
    assert capacity.egress.memory_mib == 308
    assert capacity.in_flight == 60
    assert capacity.subscription_per_s == 160
    written = 100 * 500 + 300 * (1000 + 350) + 300 * 300
    assert capacity.kafka_in_bytes_per_s == written
    assert capacity.disk_bytes == pytest.approx(written * 7 * 86_400 * 3)
    assert capacity.internet_bytes_per_s == 300 * 1700


@given(st.floats(1, 1e5), st.floats(1, 100), st.floats(1, 5), st.floats(1.01, 10))
def test_more_load_never_needs_less(events_per_s: float, fan_out: float, attempts: float, more: float) -> None:
    """Whatever grows, nothing that is needed shrinks; and no process has more to do than it is allowed to."""
    load = replace(LOAD, events_per_s=events_per_s, fan_out=fan_out, attempts=attempts)
    least = capacity_for(load, egress_budget_bytes=0)
    assert least.egress.cores <= least.egress.processes * load.utilisation * (1 + 1e-9)
    for name in ("events_per_s", "fan_out", "attempts", "attempt_s", "body_bytes", "replication"):
        grown = capacity_for(replace(load, **{name: getattr(load, name) * more}), egress_budget_bytes=0)
        for measure in ("attempts_per_s", "broker_cores", "partitions", "in_flight", "disk_bytes"):
            assert getattr(grown, measure) >= getattr(least, measure) * (1 - 1e-9)


def test_too_few_subscriptions_are_a_problem() -> None:
    """What one lane may have under way bounds what its subscription is sent."""
    few = replace(LOAD, subscriptions=1)
    assert problems_with(LOAD, capacity_for(LOAD, egress_budget_bytes=0)) == []
    [problem] = problems_with(few, capacity_for(few, egress_budget_bytes=0))
    assert problem.startswith("1 subscriptions can be sent 160 requests a second")


def test_the_command_says_it_for_people_and_machines() -> None:
    """Exit code 1 where there is a problem, 2 where an option is out of bounds."""
    given_load = ["--events-per-s", "500", "--fan-out", "4"]
    assert "deliveries/s" in CliRunner().invoke(command, given_load).output
    result = CliRunner().invoke(command, [*given_load, "--retention", "1d", "--json"])
    assert json.loads(result.output)["load"]["events_kept_s"] == 86_400
    assert CliRunner().invoke(command, [*given_load, "--subscriptions", "1"]).exit_code == 1
    assert CliRunner().invoke(command, ["--events-per-s", "0", "--fan-out", "4"]).exit_code == 2
