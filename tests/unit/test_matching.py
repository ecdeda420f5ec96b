"""Which subscriptions an event finds, and which patterns may be written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidInputError
from gateway.domain.matching import SubscriptionIndex, check_pattern, matches_pattern
from gateway.domain.subscription import Subscription, SubscriptionState
from tests.subscriptions import subscription

_PARTS = st.sampled_from(["order", "orders", "created", "line", "x_1"])
_TYPES = st.lists(_PARTS, min_size=2, max_size=4).map(".".join)
_PATTERNS = _TYPES | st.lists(_PARTS, min_size=1, max_size=3).map(lambda parts: ".".join([*parts, "*"])) | st.just("*")
_TENANTS = st.sampled_from(["a", "b"])
_IDS = st.sampled_from(["s1", "s2", "s3", "s4"])


@st.composite
def _subscriptions(draw: st.DrawFn) -> Subscription:
    patterns = draw(st.lists(_PATTERNS, min_size=1, max_size=3))
    state = draw(st.sampled_from(SubscriptionState))
    return subscription(draw(_IDS), tenant=draw(_TENANTS), event_types=tuple(patterns), state=state)


@given(
    writes=st.lists(_subscriptions() | _IDS, max_size=12),
    tenant=_TENANTS,
    event_type=_TYPES,
)
def test_the_index_finds_what_a_search_through_all_would(
    writes: list[Subscription | str], tenant: str, event_type: str
) -> None:
    """After any puts and removals: the tenant's subscriptions that are not disabled and have a matching pattern."""
    index = SubscriptionIndex()
    plain: dict[str, Subscription] = {}
    for write in writes:
        if isinstance(write, str):
            index.remove(write)
            plain.pop(write, None)
        else:
            index.put(write)
            plain[write.subscription_id] = write

    found = index.match_event(tenant, event_type)

    expected = {
        one.subscription_id
        for one in plain.values()
        if one.tenant == tenant
        and one.state is not SubscriptionState.DISABLED
        and any(matches_pattern(pattern, event_type) for pattern in one.event_types)
    }
    assert sorted(one.subscription_id for one in found) == sorted(expected)
    assert {one.subscription_id: one for one in index} == plain
    assert len(index) == len(plain)


def test_an_emptied_index_keeps_nothing() -> None:
    """Removing every subscription frees what it took: memory follows the table."""
    index = SubscriptionIndex()
    for number in range(10):
        index.put(subscription(f"s{number}", event_types=("order.*", f"a.b{number}", "*")))
    for number in range(10):
        index.remove(f"s{number}")

    assert not index._by_pattern
    assert not index._tenants
    assert not index._by_id


@pytest.mark.parametrize(
    ("pattern", "event_type", "matches"),
    [
        ("order.created", "order.created", True),
        ("order.created", "order.created_late", False),
        ("order.*", "order.created", True),
        ("order.*", "order.line.added", True),
        ("order.*", "orders.created", False),
        ("order.line.*", "order.line", False),
        ("*", "order.created", True),
    ],
)
def test_patterns_match_whole_parts(pattern: str, event_type: str, matches: bool) -> None:  # noqa: FBT001 - a table's column
    """A prefix ends at a dot and covers every depth below it."""
    assert matches_pattern(pattern, event_type) is matches


@pytest.mark.parametrize("pattern", ["*", "order.*", "order.line.*", "order.created", "a.b_2.c"])
def test_patterns_that_may_be_written(pattern: str) -> None:
    """An event type, a prefix and the star are patterns."""
    assert check_pattern(pattern) == pattern


@pytest.mark.parametrize(
    "pattern", ["", "order", "Order.*", "order.", ".*", "*.created", "order.*.added", "or*", "order.**", "order.* "]
)
def test_patterns_that_may_not_be_written(pattern: str) -> None:
    """Anything else is refused."""
    with pytest.raises(InvalidInputError):
        check_pattern(pattern)
