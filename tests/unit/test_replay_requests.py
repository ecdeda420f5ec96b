"""What may be asked for of a replay over HTTP, by whom, and what is shown of one to whom."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.console.access.caller import Caller, ForbiddenError
from gateway.console.api.replay_models import ReplayRequest, count_view, replay_view
from gateway.domain.access import Role
from gateway.domain.errors import GatewayError, InvalidInputError
from gateway.domain.replay import DeliveryStatus, PassedOver, Replay, ReplaySource, ReplayState, Stretch, Tally, Wanted
from gateway.kafka.scan import ScanReport
from gateway.replay.stretches import TimeSpan

EVERYBODYS = Caller("ann", Role.OPERATOR)
OF_ACME = Caller("bob", Role.OPERATOR, tenant="acme")
REPLAY = Replay(
    "rpl_1", ReplayState.RUNNING, 1, "ann", 10, 20, Wanted(tenants=("acme",)), 50.0,
    (Stretch("events.order", 0, 0, 25, 100),), deliveries=7, passed=(("tenant", 18),),
)  # fmt: skip


def asked(**fields: Any) -> ReplayRequest:
    """Give a request."""
    return ReplayRequest.model_validate(fields)


def test_a_request_says_what_the_command_says() -> None:
    """Each name once, and patterns where there is none."""
    request = asked(
        subscription_ids=["shop", "shop"], since_ms=5, until_ms=9, statuses=["failed"], filter=" true ", rate_per_s=None
    )
    assert request.wanted(EVERYBODYS) == Wanted(5, ("*",), (), ("shop",), (DeliveryStatus.FAILED,), "true")
    assert request.chosen() == TimeSpan(5, 9)
    chosen = asked(to_all=True, offsets=["events.order:3:100-200"]).chosen()
    assert not isinstance(chosen, TimeSpan)
    ((first, last),) = chosen
    assert (first.topic, first.partition, first.offset, last) == ("events.order", 3, 100, 200)


def test_of_dead_letters_no_beginning_need_be_said() -> None:
    """All that are kept; those given up for some reasons, if any are named."""
    request = asked(source="dead_letters", to_all=True, reasons=["disabled", "disabled"])
    assert request.chosen() == TimeSpan(0)
    assert request.wanted(EVERYBODYS) == Wanted(source=ReplaySource.DEAD_LETTERS, reasons=("disabled",))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"since_ms": 1}, "to whom"),
        ({"since_ms": 1, "to_all": True, "subscription_ids": ["shop"]}, "to whom"),
        ({"to_all": True}, "which events"),
        ({"to_all": True, "since_ms": 9, "until_ms": 9}, "ends before it begins"),
        ({"to_all": True, "since_ms": 9, "offsets": ["events.order:3:100-200"]}, "a time, or offsets"),
        ({"to_all": True, "offsets": ["deliveries:3:100-200"]}, "names no offsets"),
        ({"to_all": True, "since_ms": 1, "event_types": ["Order!"]}, "Order!"),
        ({"to_all": True, "since_ms": 1, "tenants": ["a b"]}, "a b"),
        ({"to_all": True, "since_ms": 1, "reasons": ["disabled"]}, "are of dead letters"),
        ({"to_all": True, "source": "dead_letters", "filter": "true"}, "are of events"),
    ],
)
def test_what_does_not_go_together_is_refused(fields: dict[str, Any], says: str) -> None:
    """With what to say instead."""
    request = asked(**fields)
    with pytest.raises(InvalidInputError) as refused:
        _ = request.wanted(EVERYBODYS), request.chosen()
    assert says in refused.value.message


def test_who_sees_one_tenant_replays_that_tenants_events_only() -> None:
    """Whether it is named or not; another one is refused."""
    for tenants in ([], ["acme"]):
        assert asked(to_all=True, since_ms=1, tenants=tenants).wanted(OF_ACME).tenants == ("acme",)
    with pytest.raises(GatewayError) as refused:
        asked(to_all=True, since_ms=1, tenants=["acme", "other"]).wanted(OF_ACME)
    assert isinstance(refused.value, ForbiddenError)


def test_how_much_others_have_is_not_told() -> None:
    """How far it is, but not how many records of all tenants that were."""
    everything, own = (replay_view(REPLAY, "running", None, caller) for caller in (EVERYBODYS, OF_ACME))
    assert (everything.events_read, everything.events_total, everything.passed_over) == (25, 100, {"tenant": 18})
    assert (own.events_read, own.events_total, own.passed_over) == (None, None, None)
    assert (own.progress, own.deliveries) == (everything.progress, everything.deliveries) == (0.25, 7)
    tally, report = Tally(200), ScanReport(0, 100, narrowed=False, out_of_time=True)
    tally.passed[PassedOver.TENANT], tally.by_subscription["shop"] = 18, 200
    counted = count_view(REPLAY, tally, report, is_kept=True, caller=OF_ACME)
    assert (counted.complete, counted.takes_s, counted.events_total, counted.passed_over) == (False, 4.0, None, None)
    assert [(one.subscription_id, one.deliveries) for one in counted.by_subscription] == [("shop", 200)]


@pytest.mark.parametrize("state", ReplayState)
def test_why_a_process_failed_is_told_while_there_is_something_to_resume(state: ReplayState) -> None:
    """What was cancelled has no problem: its process ended because of that."""
    problem = replay_view(replace(REPLAY, state=state), state.value, "cancelled by somebody else", EVERYBODYS).problem
    assert (problem is None) == (state in {ReplayState.CANCELLED, ReplayState.FINISHED})


def test_a_replay_of_nothing_is_finished() -> None:
    """It has come to its end."""
    nothing = replace(REPLAY, state=ReplayState.FINISHED, stretches=())
    assert replay_view(nothing, "finished", None, EVERYBODYS).progress == 1
