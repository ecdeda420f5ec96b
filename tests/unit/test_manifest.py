"""Manifests: what shape is accepted, what is refused and how, and that an export says what is there."""

from dataclasses import replace
from io import BytesIO

import pytest

from gateway.admin.manifest import MAX_MANIFEST_BYTES, ManifestEntry, read_manifest, write_manifest
from gateway.admin.wanted import Wanted, check_entries
from gateway.domain.errors import InvalidInputError
from gateway.domain.rate_limit import RateLimit
from gateway.domain.subscription import ContentMode, DeliveryOrder, OnFilterError, SubscriptionState
from tests.subscriptions import RULES, subscription

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SMALLEST = "{id: s1, url: 'https://example.com/', event_types: ['order.*']}"


def read(text: str) -> tuple[ManifestEntry, ...]:
    return read_manifest(BytesIO(text.encode()), "subs.yaml")


def check(text: str) -> tuple[Wanted, ...]:
    return check_entries(read(text), RULES, "subs.yaml")


def test_what_is_left_out_has_its_default() -> None:
    """Three fields are enough; state and secret stay open."""
    (wanted,) = check(f"subscriptions: [{SMALLEST}]")

    assert (wanted.subscription_id, wanted.tenant) == ("s1", "default")
    assert wanted.attributes["timeout_s"] == 10.0
    assert (wanted.state, wanted.secret) == (None, None)


@pytest.mark.parametrize("text", ["subscriptions: []", "subscriptions:"])
def test_an_empty_list_is_a_manifest(text: str) -> None:
    """It wants nothing."""
    assert read(text) == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "one key, `subscriptions`"),
        ("[]", "one key, `subscriptions`"),
        ("subs: []", "one key, `subscriptions`"),
        (f"subscriptions: [{SMALLEST}]\nversion: 1", "one key, `subscriptions`"),
        ("subscriptions: {a: b}", "must be a list"),
        ("subscriptions: [7]", r"subscriptions\[0\]: a subscription is a mapping"),
        ("subscriptions: [{id: s1, event_types: ['*']}]", r"subscriptions\[0\] \(s1\): url is missing"),
        (
            f"subscriptions: [{SMALLEST}, {SMALLEST}]",
            r"subscriptions\[1\] \(s1\): the id is that of subscriptions\[0\]",
        ),
        (f"subscriptions: [{SMALLEST[:-1]}, evnt_types: []}}]", "no field 'evnt_types', did you mean event_types"),
        (f"subscriptions: [{SMALLEST[:-1]}, timeout_s: fast}}]", "timeout_s: input should be a valid number"),
        (f"subscriptions: [{SMALLEST[:-1]}, fail_fast: 'yes'}}]", "fail_fast: input should be a valid boolean"),
        (f"subscriptions: [{SMALLEST[:-1]}, state: off}}]", "state: input should be 'active'"),
        ("subscriptions:\n- id: a\n  id: b", "line 3: 'id' is there twice"),
        ("subscriptions: [", "line 2: did not find"),
        ("subscriptions: &a [*a]", "anchors and aliases"),
        ("[" * 11 + "]" * 11, "nested more than 10"),
        ("[" * 100_000, "nest"),
        ("subscriptions: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
        ("subscriptions: [\x00]", "subs.yaml"),
        pytest.param("subscriptions: [1" + ":1" * 1_000_000 + "]", "longer than 100", id="base-60"),
        pytest.param("subscriptions: [" + "9" * 9000 + "]", "longer than 100", id="digits"),
        ("subscriptions: [{? [a] : b}]", "unhashable"),
    ],
)
def test_what_is_no_manifest_is_refused(text: str, says: str) -> None:
    """The message names the file, the place and the reason."""
    with pytest.raises(InvalidInputError, match=says) as refused:
        read(text)
    assert "subs.yaml" in refused.value.message


def test_a_huge_file_is_refused_unread() -> None:
    """The size is bounded before anything is parsed."""
    with pytest.raises(InvalidInputError, match="larger than"):
        read_manifest(BytesIO(bytes(MAX_MANIFEST_BYTES + 1)), "subs.yaml")


def test_bytes_that_are_no_text_are_refused() -> None:
    """Only UTF-8 is read."""
    with pytest.raises(InvalidInputError, match="not UTF-8"):
        read_manifest(BytesIO(b"\xff"), "subs.yaml")


def test_limits_and_order_are_fields_of_an_entry() -> None:
    """Left out, a rate has no limit, its burst fits the rate, and there is no order."""
    (plain,) = check(f"subscriptions: [{SMALLEST}]")
    assert (plain.attributes["rate_limit"], plain.attributes["order"]) == (None, DeliveryOrder.NONE)
    (limited,) = check(f"subscriptions: [{SMALLEST[:-1]}, rate_limit: 100/s, order: key}}]")
    assert (limited.attributes["rate_limit"], limited.attributes["order"]) == (RateLimit(100.0, 100), DeliveryOrder.KEY)


def test_all_broken_rules_are_named_at_once() -> None:
    """One run is enough to see every entry that needs work."""
    entries = (
        "{id: s1, url: 'http://example.com/', event_types: ['*']}",
        SMALLEST.replace("s1", "s2"),
        "{id: s3, url: 'https://example.com/', event_types: ['order.pad']}",
        "{id: 's 4', url: 'https://example.com/', event_types: ['*']}",
    )
    with pytest.raises(InvalidInputError) as refused:
        check(f"subscriptions: [{', '.join(entries)}]")

    lines = refused.value.message.splitlines()
    assert len(lines) == 4
    assert "subscriptions[0] (s1): url: the URL must begin with https://" in lines[1]
    assert "subscriptions[2] (s3): event_types: " in lines[2]
    assert "order.paid" in lines[2]
    assert "subscriptions[3] (s 4): " in lines[3]


def test_many_problems_are_not_all_printed() -> None:
    """The message stays readable."""
    with pytest.raises(InvalidInputError, match="and 30 more"):
        read(f"subscriptions: [{', '.join(['{}'] * 16 + ['7'] * 2)}]")


@pytest.mark.parametrize("text", [f"secret: [{SECRET}]", f"secret: {SECRET}x", f"secret: {{a: {SECRET}}}"])
def test_a_bad_secret_is_not_repeated(text: str) -> None:
    """Neither a wrong shape nor a wrong value shows in the message."""
    with pytest.raises(InvalidInputError) as refused:
        check(f"subscriptions: [{SMALLEST[:-1]}, {text}}}]")
    assert SECRET[8:] not in refused.value.message


def test_an_export_says_what_is_there() -> None:
    """Read back, an export gives the same subscriptions, with their state and without secrets."""
    active = subscription("s1", event_types=("*", "order.paid"))
    paused = replace(
        subscription("s2", tenant="acme", state=SubscriptionState.PAUSED),
        description="Zürich: #1",
        timeout_s=3,
        rate_limit=RateLimit(5 / 60, 2),
        order=DeliveryOrder.KEY,
        pins=(("order.created", 2),),
        follow_latest=False,
        content_mode=ContentMode.DATA,
        filter="data.total > 100",
        on_filter_error=OnFilterError.SKIP,
        transform='{"order":"data.order_id"}',
    )

    text = write_manifest([active, paused])

    assert "sealed" not in text
    first, second = check(text)
    assert replace(active, **RULES.settled(first.attributes, active)) == active
    assert replace(paused, **RULES.settled(second.attributes, paused)) == paused
    assert (second.tenant, second.state, first.state) == ("acme", SubscriptionState.PAUSED, None)
