"""Damaged records of every topic: nothing of them stops the gateway, or waits for ever."""

from typing import Any

import pytest
from confluent_kafka import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.varints import encode_varint
from gateway.kafka.due_times import DUE_HEADER, split_due
from gateway.wire.errors import UndecodableError
from gateway.wire.moments import describe_moment
from gateway.wire.records import CursorRecord, cursor_codec, subscription_codec
from gateway.wire.single_object import SingleObjectWriter
from tests.any_bytes import CODECS, EVENTS, FINGERPRINTS, VALUES, AnyHeaders, check_event, check_record
from tests.damage import Damage, damages
from tests.delivery_records import T0
from tests.subscriptions import subscription

_CONTEXT = ("ce_id", "ce_type", "ce_time", "ce_tenant", "traceparent", "gateway-deliver-after", "gateway-priority")
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(_CONTEXT) | st.text(st.characters(codec="utf-8"), max_size=8),
        st.none() | st.binary(max_size=30),
    ),
    max_size=4,
)


@pytest.mark.parametrize("kind", CODECS)
@given(damage=damages(*FINGERPRINTS), of=st.sampled_from(sorted(VALUES)))
@settings(max_examples=300)
def test_a_damaged_record_is_a_record_or_undecodable(kind: str, damage: Damage, of: str) -> None:
    """Changed, cut off, grown, joined, or of another kind under its mark."""
    check_record(kind, damage(VALUES[of]))


@given(
    damage=damages(*FINGERPRINTS),
    event_type=st.sampled_from(sorted(EVENTS)),
    headers=HEADERS,
    key=st.none() | st.binary(max_size=9),
)
@settings(max_examples=300)
def test_a_damaged_event_is_delivered_or_kept(
    damage: Damage, event_type: str, headers: AnyHeaders, key: bytes | None
) -> None:
    """With whatever headers a producer can write, also such without a value."""
    check_event(damage(EVENTS[event_type]), headers, key)


@pytest.mark.parametrize("value", [None, b"", *EVENTS.values(), b"junk"])
def test_headers_need_no_values(value: bytes | None) -> None:
    """Kafka has null header values; the record that keeps a rejected event has them as empty ones."""
    check_event(value, [("trace", None), ("ce_subject", None)])


@pytest.mark.parametrize(
    "changes",
    [
        {"retry_tiers": ["7y"]},
        {"timeout_s": float("nan")},
        {"timeout_s": float("inf")},
        {"timeout_s": 0.0},
        {"max_in_flight": -5},
        {"max_in_flight": 2**31},
        {"rate_per_s": 0.0, "rate_burst": 1},
        {"rate_per_s": float("nan"), "rate_burst": 1},
        {"rate_per_s": 1.0, "rate_burst": -1},
        {"signature_profiles": []},
        {"state": "asleep"},
    ],
)
def test_a_subscription_that_nobody_could_send_for_is_undecodable(changes: dict[str, Any]) -> None:
    """Its bytes are in order, but what it says is not: it must not get as far as a lane."""
    codec = subscription_codec()
    value = SingleObjectWriter(codec._writer.schema).encode({**codec._to_avro(subscription("s1")), **changes})
    with pytest.raises(UndecodableError):
        codec.decode(value)


def test_a_number_that_could_not_be_written_again_is_undecodable() -> None:
    """Found by the fuzzer: an Avro int of 64 bits is read, and writing the delivery's retry would end the process."""
    status_503, largest = encode_varint(503 << 1), encode_varint(2**64 - 2)
    for kind in ("delivery", "cursor", "attempt"):
        assert VALUES[kind].count(status_503) == 1
        with pytest.raises(UndecodableError):
            CODECS[kind].decode(VALUES[kind].replace(status_503, largest))


def test_a_cursor_before_the_beginning_is_undecodable() -> None:
    """No consumer can be put there."""
    codec = cursor_codec()
    fields = codec._to_avro(CursorRecord("sub_1", "deliveries", 3, 0))
    with pytest.raises(UndecodableError):
        codec.decode(SingleObjectWriter(codec._writer.schema).encode({**fields, "offset": -1}))


@pytest.mark.parametrize("due", [None, b"", b"-5", b"soon", b"1e99", b"9" * 5000, "٣".encode(), b"9" * 14])
def test_a_due_time_that_can_not_be_meant_holds_nobody_up(due: bytes | None) -> None:
    """The record is taken at once, and so is what follows it."""
    batch = [
        Message(topic="deliveries.retry.5s", partition=0, offset=0, headers=[(DUE_HEADER, due)]),
        Message(topic="deliveries.retry.5s", partition=0, offset=1, headers=[(DUE_HEADER, b"1")]),
    ]
    assert split_due(batch, T0) == (batch, {})


@pytest.mark.parametrize("at_ms", [2**63 - 1, -(2**63), 10**15])
def test_a_moment_beyond_the_calendar_is_shown_as_it_is(at_ms: int) -> None:
    """A record may hold any number; looking at it must not end the command, nor the process that logs it."""
    assert describe_moment(at_ms) == f"{at_ms} ms"
