"""The rules that a subscription has to keep when it is written."""

import math
from dataclasses import replace

import pytest

from gateway.admin.definition import (
    MAX_DESCRIPTION_CHARS,
    MAX_EVENT_TYPES,
    Definition,
    DefinitionRules,
)
from gateway.admin.field_errors import FieldError
from gateway.domain.addresses import PUBLIC_ONLY
from gateway.domain.rate_limit import RateLimit
from gateway.domain.retry import QUICK_POLICY, STANDARD_POLICY, policy_of
from gateway.domain.subscription import DeliveryOrder, SignatureProfile, Subscription
from gateway.domain.tiers import DEFAULT_TIERS
from tests.subscriptions import CATALOG, RULES, subscription

ONE = subscription("s1")


@pytest.mark.parametrize(
    ("definition", "field", "says"),
    [
        (Definition(url="http://example.com/"), "url", "https://"),
        (Definition(url="https://127.0.0.1/"), "url", "not public"),
        (Definition(event_types=()), "event_types", "at least one"),
        (Definition(event_types=("order.creatd",)), "event_types", "no event type of the catalog"),
        (Definition(event_types=("orders.*",)), "event_types", "no event type of the catalog"),
        (Definition(event_types=("order.created", "order*")), "event_types", "not an event type"),
        (Definition(event_types=("*",) * (MAX_EVENT_TYPES + 1)), "event_types", "more than"),
        (Definition(description="x" * (MAX_DESCRIPTION_CHARS + 1)), "description", "longer"),
        (Definition(description="two\nlines"), "description", "one line"),
        (Definition(description="\x1b[2J"), "description", "printable"),
        (Definition(signature_profiles=()), "signature_profiles", "at least one"),
        (Definition(signature_profiles=("hmac",)), "signature_profiles", "'hmac'"),
        (Definition(timeout_s=0), "timeout_s", "0.1 to 60"),
        (Definition(timeout_s=60.5), "timeout_s", "0.1 to 60"),
        (Definition(timeout_s=math.nan), "timeout_s", "0.1 to 60"),
        (Definition(timeout_s=math.inf), "timeout_s", "0.1 to 60"),
        (Definition(max_in_flight=0), "max_in_flight", "1 to 1000"),
        (Definition(max_in_flight=1001), "max_in_flight", "1 to 1000"),
        (Definition(rate_limit="100"), "rate_limit", "not a rate"),
        (Definition(rate_limit="1/h"), "rate_limit", "between 0.01 and 100000"),
        (Definition(rate_limit="1000000/s"), "rate_limit", "between 0.01 and 100000"),
        (Definition(rate_limit="1/s", rate_burst=0), "rate_burst", "1 to 100000"),
        (Definition(rate_limit="none", rate_burst=5), "rate_burst", "needs a rate limit"),
        (Definition(rate_burst=5), "rate_burst", "needs a rate limit"),
        (Definition(order="fifo"), "order", "no order 'fifo'"),
        (Definition(retry_policy="slow"), "retry_policy", "not a delay"),
        (Definition(retry_policy="1s,7m"), "retry_policy", "no retry tier '7m'"),
    ],
)
def test_a_broken_rule_names_its_field(definition: Definition, field: str, says: str) -> None:
    """Each bad value is refused with the field and the reason."""
    with pytest.raises(FieldError, match=says) as refused:
        RULES.check(definition)
    assert refused.value.field == field


def test_a_misspelt_event_type_is_answered_with_close_ones() -> None:
    """The hint names what was probably meant."""
    with pytest.raises(FieldError) as refused:
        RULES.check(Definition(event_types=("order.creatd",)))
    assert "order.created" in (refused.value.hint or "")


def test_lists_are_brought_into_one_form() -> None:
    """Order and repeats say nothing: they are not a difference later."""
    checked = RULES.check(
        Definition(
            event_types=("order.paid", "*", "order.paid", "order.created"),
            signature_profiles=("x-webhook", "standard", "x-webhook"),
        )
    )
    assert checked["event_types"] == ("*", "order.created", "order.paid")
    assert checked["signature_profiles"] == (SignatureProfile.STANDARD, SignatureProfile.X_WEBHOOK)


def test_what_is_not_said_is_not_changed() -> None:
    """Only given fields come out, and of the retry policy the part that is given."""
    assert RULES.check(Definition(timeout_s=3)) == {"timeout_s": 3, "retry_policy": STANDARD_POLICY}
    assert RULES.check(Definition(fail_fast=True), current=replace(ONE, retry_policy=QUICK_POLICY)) == {
        "retry_policy": policy_of("1s", "5s", "30s", fail_fast=True)
    }
    failing_fast = replace(ONE, retry_policy=policy_of("5m", fail_fast=True))
    assert RULES.check(Definition(retry_policy="quick"), current=failing_fast) == {
        "retry_policy": policy_of("1s", "5s", "30s", fail_fast=True)
    }


def test_a_rate_limit_keeps_the_part_that_is_not_given() -> None:
    """A burst alone keeps the rate; a rate alone gets its own burst; `none` ends the limit."""
    limited = replace(ONE, rate_limit=RateLimit(20.0, 7))

    def limit(current: Subscription, rate: str | None = None, burst: int | None = None) -> object:
        return RULES.check(Definition(rate_limit=rate, rate_burst=burst), current=current).get("rate_limit", "kept")

    assert limit(limited) == "kept"
    assert limit(limited, burst=3) == RateLimit(20.0, 3)
    assert limit(limited, rate="6/m") == RateLimit(0.1, 1)
    assert limit(ONE, rate="6/m", burst=4) == RateLimit(0.1, 4)
    assert limit(limited, rate="none") is None


def test_an_order_is_by_key_or_none() -> None:
    """The words of the command line and of manifests."""
    assert RULES.check(Definition(order="key"))["order"] is DeliveryOrder.KEY
    assert RULES.check(Definition(order="none"))["order"] is DeliveryOrder.NONE


def test_a_policy_needs_tiers_that_the_deployment_has() -> None:
    """`standard` is refused where its tiers have no topics."""
    rules = DefinitionRules(CATALOG, DEFAULT_TIERS[:3], PUBLIC_ONLY)

    with pytest.raises(FieldError, match="no retry tier"):
        rules.check(Definition(retry_policy="standard"))
