"""The topic table: the promises that the rest of the gateway builds on."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.tiers import DEFAULT_TIERS, Tier, parse_tier
from gateway.domain.topics import (
    ATTEMPTS,
    DEAD_LETTERS,
    DELIVERIES,
    PRIORITY_DELIVERIES,
    REJECTED,
    REPLAY_DELIVERIES,
    SUBSCRIPTIONS,
    TopicLayout,
    event_topic,
    layout_for,
    retry_topic,
)

DAY_MS = 86_400_000

tiers = st.lists(
    st.builds(lambda number, unit: parse_tier(f"{number}{unit}"), st.integers(1, 999), st.sampled_from("smh")),
    min_size=1,
    max_size=12,
    unique_by=lambda tier: tier.name,
).map(tuple)


def specs_of(layout: TopicLayout) -> dict[str, tuple[int, str, int | None, str]]:
    return {spec.name: (spec.partitions, spec.cleanup, spec.retention_ms, spec.key) for spec in layout.specs()}


def test_an_event_type_names_its_topic() -> None:
    """The first dotted part is the domain."""
    assert event_topic("order.created") == "events.order"
    assert event_topic("order.line.added") == "events.order"


def test_the_default_tiers_each_have_a_topic() -> None:
    """The nine retry topics stand in the order of their delays."""
    assert list(TopicLayout(("order",)).retry_topics()) == [
        f"deliveries.retry.{name}" for name in ("1s", "5s", "30s", "5m", "30m", "2h", "5h", "10h", "24h")
    ]


def test_the_layout_follows_the_catalog() -> None:
    """Each domain of the catalog has one topic, however many event types it has."""
    layout = layout_for(("order.paid", "order.created", "invoice.issued"), partitions=3, tiers=DEFAULT_TIERS)

    assert layout.event_topics() == ("events.invoice", "events.order")
    assert specs_of(layout)["events.order"][:2] == (3, "delete")


def test_subscriptions_are_one_compacted_partition() -> None:
    """One partition gives all writes of the table one order; compaction keeps the newest of each key for good."""
    assert specs_of(TopicLayout(("order",)))[SUBSCRIPTIONS] == (1, "compact", None, "subscription id")


@given(tiers=tiers, partitions=st.integers(1, 1000))
def test_the_delivery_topics_are_co_partitioned(tiers: tuple[Tier, ...], partitions: int) -> None:
    """The three topics of deliveries, every retry tier and the dead letters have the same partitions and key."""
    layout = layout_for(("order.created",), partitions=partitions, tiers=tiers)
    specs = specs_of(layout)

    together = [
        DELIVERIES,
        PRIORITY_DELIVERIES,
        REPLAY_DELIVERIES,
        DEAD_LETTERS,
        *(retry_topic(tier) for tier in tiers),
    ]

    assert {(specs[name][0], specs[name][3]) for name in together} == {(partitions, "subscription id")}


@given(tiers=tiers)
def test_a_retry_topic_outlives_its_delay(tiers: tuple[Tier, ...]) -> None:
    """A delivery that waits in a tier still has a week to be made once it is due."""
    specs = specs_of(TopicLayout(("order",), tiers=tiers))

    for tier in tiers:
        retention_ms = specs[retry_topic(tier)][2]
        assert retention_ms == 7 * DAY_MS + tier.delay_ms


@given(tiers=tiers, domains=st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), unique=True))
def test_no_name_comes_twice(tiers: tuple[Tier, ...], domains: list[str]) -> None:
    """No domain and no tier can collide with another topic of the table, `events.rejected` apart."""
    names = [spec.name for spec in TopicLayout(tuple(d for d in domains if d != "rejected"), tiers=tiers).specs()]

    assert len(names) == len(set(names))


def test_what_people_look_into_is_kept_longest() -> None:
    """Rejected events and dead letters outlast the records of normal operation."""
    specs = specs_of(TopicLayout(("order",)))

    assert specs[REJECTED][2] == specs[DEAD_LETTERS][2] == 30 * DAY_MS
    assert specs[ATTEMPTS][2] == 7 * DAY_MS
