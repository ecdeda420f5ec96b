"""The first bytes of a delivery record: written for many subscriptions at once, and read without the rest."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.delivery import Priority, delivery_id_of
from gateway.wire.delivery_head import DeliveryFanOut, read_delivery_id
from gateway.wire.records import delivery_codec
from tests.delivery_records import planned

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=200)


@given(first=names, other=names, body=st.binary(max_size=300), priority=st.sampled_from(Priority))
def test_each_of_many_is_encoded_as_if_it_were_alone(first: str, other: str, body: bytes, priority: Priority) -> None:
    """Byte for byte what the codec gives, whatever the length of the names."""
    one = replace(planned(subscription_id=first), body=body, priority=priority, not_before_ms=77)
    two = replace(one, delivery_id=delivery_id_of(one.event_id, other), subscription_id=other)
    fan_out = DeliveryFanOut(one)
    for delivery in (one, two):
        encoded = fan_out.encode(delivery.delivery_id, delivery.subscription_id.encode())
        assert encoded == delivery_codec().encode(delivery)
        assert read_delivery_id(encoded) == delivery.delivery_id


@pytest.mark.parametrize(
    "value",
    [None, b"", b"{}", b"\xc3\x01", b"\xc3\x01" + bytes(60), b"\xc3\x01" + bytes(8) + b"\x48" + b"\xff" * 36],
)
def test_other_bytes_have_no_delivery_id(value: bytes | None) -> None:
    """A tombstone, text, or a record of another kind."""
    assert read_delivery_id(value) is None
