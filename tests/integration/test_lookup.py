"""Deliveries and their attempts, written where egress writes them and read back through the lookups."""

import time
from dataclasses import replace
from uuid import uuid4

import orjson
import pytest
from click.testing import CliRunner

from gateway.admin.lookup import DeliveryLookup, HistoryFilter
from gateway.cli.deliveries import command
from gateway.domain.delivery import Attempt, Delivery
from gateway.domain.errors import NotFoundError
from gateway.domain.history import DeliveryState
from gateway.domain.topics import DEAD_LETTERS, DELIVERIES, RETRY_PREFIX, TopicLayout
from gateway.kafka.config import KafkaConfig
from tests.delivery_records import attempt_of, dead, parked, planned
from tests.integration.records_on_kafka import write_records

HOUR_MS = 3_600_000
NOW_MS = int(time.time() * 1000)
STATES = {
    "waiting": DeliveryState.PENDING,
    "done": DeliveryState.DELIVERED,
    "retried": DeliveryState.RETRY_SCHEDULED,
    "given-up": DeliveryState.DEAD_LETTERED,
}


class Written:
    """One tenant's subscription with one delivery in each state, and another subscription of the same event."""

    def __init__(self) -> None:
        unique = uuid4().hex[:12]
        self.tenant = f"tenant-{unique}"
        self.subscription_id = f"sub_{unique}"
        self.deliveries = {name: self._plan(f"{name}-{unique}", self.subscription_id) for name in STATES}
        self.other = self._plan(f"done-{unique}", f"sub_other_{unique}")

    def _plan(self, event_id: str, subscription_id: str) -> Delivery:
        return planned(event_id, subscription_id, at_ms=NOW_MS - 5000, tenant=self.tenant)

    def records(self) -> list[tuple[str, Delivery] | Attempt]:
        """Give everything that stream and egress would have written."""
        retried, given_up = self.deliveries["retried"], self.deliveries["given-up"]
        due_at_ms = NOW_MS + HOUR_MS
        failed = attempt_of(retried, 1, "retry_scheduled", at_ms=NOW_MS - 4000, due_at_ms=due_at_ms)
        ended = replace(
            attempt_of(given_up, 1, "dead_lettered", at_ms=NOW_MS - 4000, status=None),
            error="connection_refused",
            error_detail="no one \x1b[31mlistens",
        )
        return [
            *((DELIVERIES, delivery) for delivery in (*self.deliveries.values(), self.other)),
            attempt_of(self.deliveries["done"], 1, "delivered", at_ms=NOW_MS - 4000, status=200),
            failed,
            (f"{RETRY_PREFIX}2h", parked(retried, (failed,), due_at_ms)),
            ended,
            (DEAD_LETTERS, dead(given_up, (ended,), at_ms=NOW_MS - 3900)),
        ]


@pytest.fixture(scope="module")
def written(kafka: KafkaConfig, topics: TopicLayout) -> Written:
    """Write one of each."""
    assert topics.tiers
    written = Written()
    write_records(kafka, *written.records())
    return written


@pytest.fixture
def lookup(kafka: KafkaConfig, topics: TopicLayout) -> DeliveryLookup:
    """Look in the session's topics."""
    return DeliveryLookup(kafka, topics)


@pytest.mark.parametrize("name", STATES)
def test_finds_a_delivery_by_its_id_in_each_state(written: Written, lookup: DeliveryLookup, name: str) -> None:
    """The state is told from whichever topics its records are in."""
    (history,) = lookup.find(written.deliveries[name].delivery_id, since_ms=NOW_MS - HOUR_MS).histories
    assert history.state is STATES[name]
    assert history.event_id == written.deliveries[name].event_id


def test_an_event_id_finds_the_delivery_to_each_subscription(written: Written, lookup: DeliveryLookup) -> None:
    """One event, two subscriptions: two histories."""
    found = lookup.find(written.other.event_id, since_ms=NOW_MS - HOUR_MS)
    assert {history.subscription_id: history.state for history in found.histories} == {
        written.subscription_id: DeliveryState.DELIVERED,
        written.other.subscription_id: DeliveryState.PENDING,
    }
    assert found.report.scan.complete
    assert not found.report.undecodable


def test_an_id_that_only_begins_alike_is_not_found(written: Written, lookup: DeliveryLookup) -> None:
    """The search in the raw bytes only turns away; what is found matches exactly."""
    assert not lookup.find(written.other.event_id[:-1], since_ms=NOW_MS - HOUR_MS).histories


def test_lists_a_subscription_a_tenant_and_a_state(written: Written, lookup: DeliveryLookup) -> None:
    """The filters narrow the list, alone and together."""
    since_ms = NOW_MS - HOUR_MS
    own = lookup.list(HistoryFilter(written.subscription_id), since_ms=since_ms, limit=10).histories
    assert {history.delivery_id for history in own} == {one.delivery_id for one in written.deliveries.values()}
    tenants = lookup.list(HistoryFilter(tenant=written.tenant), since_ms=since_ms, limit=10).histories
    assert len(tenants) == 5
    wanted = HistoryFilter(written.subscription_id, written.tenant, DeliveryState.RETRY_SCHEDULED)
    (retried,) = lookup.list(wanted, since_ms=since_ms, limit=10).histories
    assert (retried.due_at_ms, retried.reason) == (NOW_MS + HOUR_MS, "http_status")


def test_a_limit_leaves_out_the_oldest_changes_and_says_how_many(written: Written, lookup: DeliveryLookup) -> None:
    """The newest change comes first."""
    found = lookup.list(HistoryFilter(written.subscription_id), since_ms=NOW_MS - HOUR_MS, limit=1)
    assert [history.state for history in found.histories] == [DeliveryState.DEAD_LETTERED]
    assert found.omitted == 3


def test_get_prints_the_timeline_without_control_characters(written: Written, program: CliRunner) -> None:
    """What an endpoint or the network said can't steer the terminal."""
    result = program.invoke(command, ["get", written.deliveries["given-up"].delivery_id], catch_exceptions=False)
    assert "dead lettered (attempts_exhausted)" in result.stdout
    assert "1/4" in result.stdout
    assert "connection_refused  dead lettered" in result.stdout
    assert "no one  [31mlistens" in result.stdout


def test_get_as_json_has_everything_in_one_line_per_delivery(written: Written, program: CliRunner) -> None:
    """A machine gets states, times and attempts."""
    result = program.invoke(command, ["get", written.other.event_id, "--json"], catch_exceptions=False)
    lines = [orjson.loads(line) for line in result.stdout.splitlines()]
    by_state = {line["state"]: line for line in lines}
    assert set(by_state) == {"delivered", "pending"}
    assert by_state["delivered"]["attempts_made"] == 1
    assert by_state["delivered"]["attempts"][0]["status"] == 200
    assert by_state["pending"]["attempts"] == []


def test_list_prints_a_table_and_what_the_limit_left_out(written: Written, program: CliRunner) -> None:
    """Filters work from the command line as well."""
    arguments = ["list", "--subscription", written.subscription_id, "--limit", "3"]
    result = program.invoke(command, arguments, catch_exceptions=False)
    assert result.stdout.count(written.subscription_id) == 3
    assert "1 more are left out" in result.stderr


def test_not_found_says_how_far_back_it_looked(program: CliRunner, topics: TopicLayout) -> None:
    """A user can tell "never happened" from "too long ago"."""
    assert topics.tiers
    with pytest.raises(NotFoundError, match=r"no delivery of 'nothing' since 20\d\d-"):
        program.invoke(command, ["get", "nothing", "--since", "15m"], catch_exceptions=False)
