"""A valid record of every topic, and what has to hold for any bytes in their place: for the tests and the fuzzer."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from aiokafka import ConsumerRecord

from gateway.domain.access import Role
from gateway.domain.audit import AuditRecord
from gateway.domain.credentials import Credential, CredentialKind
from gateway.domain.delivery import AttemptSummary, RejectedEvent
from gateway.domain.event import SourcePosition
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.rate_limit import RateLimit
from gateway.domain.signals import Signal, SignalKind
from gateway.domain.topics import REJECTED
from gateway.shaping.routing import Router
from gateway.shaping.views import Views
from gateway.stream.app import _record_of
from gateway.stream.pipeline import EventPipeline
from gateway.stream.runs import Record
from gateway.wire.audit_record import audit_codec
from gateway.wire.catalog import load_catalog
from gateway.wire.credential_record import credential_codec
from gateway.wire.delivery_head import read_delivery_id
from gateway.wire.errors import UndecodableError
from gateway.wire.event_codec import EventDecoder
from gateway.wire.json_data import data_from_json
from gateway.wire.mocking import mock_data
from gateway.wire.record_codec import RecordCodec
from gateway.wire.records import (
    CursorRecord,
    attempt_codec,
    cursor_codec,
    delivery_codec,
    subscription_codec,
)
from gateway.wire.rejected_record import rejected_codec
from gateway.wire.schema_files import schemas_root
from gateway.wire.signal_record import signal_codec
from gateway.wire.single_object import HEADER_BYTES, SingleObjectWriter
from tests.delivery_records import T0, attempt_of, planned
from tests.subscriptions import subscription

_TRIED = AttemptSummary(1, T0, 20, 503, "timeout")
_DELIVERY = replace(planned(), attempts=(_TRIED,), traceparent="00-1-2-3", reason="http_status")
_SOURCE = SourcePosition("events.order", 0, 7)
# What lies in the gateway's own topics: deliveries also in their retry tiers and as dead letters.
_RECORDS: dict[str, tuple[RecordCodec[Any], object]] = {
    "delivery": (delivery_codec(), _DELIVERY),
    "attempt": (attempt_codec(), attempt_of(_DELIVERY, 1, "retry_scheduled", at_ms=T0, status=503, due_at_ms=T0)),
    "subscription": (subscription_codec(), replace(subscription("s1"), rate_limit=RateLimit(5.0, 5))),
    "cursor": (cursor_codec(), CursorRecord("sub_1", "deliveries", 3, 77, b"key", T0, (_TRIED,), "1AAA=")),
    "rejected_event": (rejected_codec(), RejectedEvent(_SOURCE, b"key", b"x", (("ce_id", b"1"),), "not_avro", "", T0)),
    "audit": (audit_codec(), AuditRecord(T0, "alice@desk", "updated", "gateway x", "sub_1", "default", ("url",), 2, 7)),
    "credential": (
        credential_codec(),
        Credential("0a" * 8, CredentialKind.TOKEN, "ci", bytes(32), Role.VIEWER, "default", T0, "alice@desk", T0 + 1),
    ),
    "signal": (signal_codec(), Signal("sub_1", "default", T0, SignalKind.DISABLED, "410")),
}
CODECS = {kind: codec for kind, (codec, _) in _RECORDS.items()}
VALUES = {kind: codec.encode(record) for kind, (codec, record) in _RECORDS.items()}

_RANDOM = Random(1)  # noqa: S311 - made up
_CATALOG = load_catalog(schemas_root() / "events")
EVENTS = {
    event_type: SingleObjectWriter(entry.parsed).encode(data_from_json(entry.nodes, mock_data(entry.nodes, _RANDOM)))
    for event_type in _CATALOG.event_types()
    for entry in [_CATALOG.entry(event_type, None)]
}
FINGERPRINTS = [value[2:HEADER_BYTES] for value in (*VALUES.values(), *EVENTS.values())]

AnyHeaders = Sequence[tuple[str, bytes | None]]


def check_record(kind: str, value: bytes) -> None:
    """Any bytes are a record that can be written again, as a retry or a dead letter is, or are told to be none."""
    read_delivery_id(value)
    try:
        record = CODECS[kind].decode(value)
    except UndecodableError:
        return
    assert CODECS[kind].decode(CODECS[kind].encode(record)) == record


def _read(key: bytes | None, value: bytes | None, headers: AnyHeaders) -> Record:
    """Give a record as the stream's client reads it."""
    # Kafka has null header values, which the client's types leave out.
    pairs: Any = tuple(headers)
    return ConsumerRecord(
        _SOURCE.topic, _SOURCE.partition, _SOURCE.offset, T0, 0, key, value, None, 0, 0, headers=pairs
    )


def check_event(value: bytes | None, headers: AnyHeaders = (), key: bytes | None = None) -> None:
    """Any bytes under any headers become a delivery, or the one record that keeps them and says what is wrong."""
    index = SubscriptionIndex()
    index.put(subscription("all", event_types=("*",)))
    pipeline = EventPipeline(EventDecoder(_CATALOG), Router(Views(_CATALOG), index))
    made = list(pipeline.process(_record_of(_read(key, value, headers))))
    if [record.topic for record in made] == [REJECTED]:
        kept = rejected_codec().decode(made[0].value)
        assert (kept.source_value, kept.source_key, kept.source) == (value, key, _SOURCE)
        assert kept.headers == tuple((name, content or b"") for name, content in headers)
    else:
        assert all(delivery_codec().decode(record.value).event_id for record in made)
