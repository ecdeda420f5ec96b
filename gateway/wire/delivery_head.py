"""The first bytes of a delivery record: its id and its subscription, before everything that is the event's.

The record's schema begins with these two fields and only ever grows at the end (see `gateway.wire.records`). So the
deliveries of one event are encoded once and begun anew for each subscription, and a record's delivery id is read
without decoding the rest.
"""

from collections.abc import Iterable

from gateway.domain.delivery import Delivery
from gateway.domain.varints import encode_varint
from gateway.wire.records import delivery_codec
from gateway.wire.single_object import HEADER_BYTES, MARKER

_ID_CHARS = 36
# Avro writes a string's length as a zigzag varint (Avro 1.12, "Binary encoding"): one byte below 64.
_ID_LENGTH = bytes((_ID_CHARS * 2,))
_ID_START = HEADER_BYTES + len(_ID_LENGTH)
_ID_END = _ID_START + _ID_CHARS


class DeliveryFanOut:
    """Encodes deliveries that are alike but for delivery id and subscription id.

    Args:
        first: one of them.

    Attributes:
        first: its record.
    """

    def __init__(self, first: Delivery) -> None:
        self.first = delivery_codec().encode(first)
        self._header = self.first[:_ID_START]
        self._rest = self.first[_ID_END + len(_string(first.subscription_id.encode())) :]

    def encode(self, delivery_id: str, subscription_id: bytes) -> bytes:
        """Give the record of one of them: the same bytes as `delivery_codec` gives.

        Args:
            delivery_id: a UUID in its usual form.
            subscription_id: in UTF-8.
        """
        return b"".join((self._header, delivery_id.encode(), _string(subscription_id), self._rest))

    def largest(self, subscription_ids: Iterable[str]) -> int:
        """Give how many bytes the largest record has of those to these subscriptions."""
        longest = max(len(_string(subscription_id.encode())) for subscription_id in subscription_ids)
        return len(self._header) + _ID_CHARS + longest + len(self._rest)


def read_delivery_id(value: bytes | None) -> str | None:
    """Read the delivery id from a record's first bytes; None where they are not those of a delivery."""
    if value is None or len(value) < _ID_END or value[:2] != MARKER or value[HEADER_BYTES:_ID_START] != _ID_LENGTH:
        return None
    try:
        return value[_ID_START:_ID_END].decode("ascii")
    except UnicodeDecodeError:
        return None


def _string(text: bytes) -> bytes:
    return encode_varint(len(text) << 1) + text
