"""Two releases run side by side while one replaces the other: each reads what the other one writes, of every kind."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.access import Role
from gateway.domain.audit import AuditRecord
from gateway.domain.credentials import Credential, CredentialKind
from gateway.domain.delivery import RejectedEvent
from gateway.domain.replay import DeliveryStatus, Replay, ReplaySource, ReplayState, Stretch, Wanted
from gateway.domain.signals import Signal, SignalKind
from gateway.wire import record_codec
from gateway.wire.audit_record import audit_codec
from gateway.wire.credential_record import credential_codec
from gateway.wire.record_codec import RecordCodec
from gateway.wire.records import attempt_codec, cursor_codec, delivery_codec, subscription_codec
from gateway.wire.rejected_record import rejected_codec
from gateway.wire.replay_record import replay_codec
from gateway.wire.schema_files import read_versions, schemas_root
from gateway.wire.signal_record import signal_codec
from gateway.wire.single_object import SingleObjectWriter
from tests.unit.test_records import attempts, cursors, deliveries, ints, longs, of, sources, subscriptions, texts

CODECS: dict[str, RecordCodec[Any]] = {
    "attempt": attempt_codec(),
    "audit": audit_codec(),
    "credential": credential_codec(),
    "cursor": cursor_codec(),
    "delivery": delivery_codec(),
    "rejected_event": rejected_codec(),
    "replay": replay_codec(),
    "signal": signal_codec(),
    "subscription": subscription_codec(),
}
RECORDS: dict[str, st.SearchStrategy[Any]] = {
    "attempt": attempts,
    "audit": of(AuditRecord, at_ms=longs, table_offset=st.none() | longs),
    "credential": st.builds(
        Credential,
        texts,
        st.sampled_from(CredentialKind),
        texts,
        st.binary(min_size=32, max_size=32),
        st.sampled_from([role for role in Role if role is not Role.ANONYMOUS]),
        st.none() | texts,
        longs,
        texts,
        longs,
        st.none() | texts,
    ),
    "cursor": cursors,
    "delivery": deliveries,
    "rejected_event": of(
        RejectedEvent,
        source=sources,
        source_key=st.none() | st.binary(max_size=20),
        source_value=st.none() | st.binary(max_size=20),
        headers=st.lists(st.tuples(texts, st.binary(max_size=9)), max_size=3).map(tuple),
        rejected_at_ms=longs,
    ),
    "replay": of(
        Replay,
        state=st.sampled_from(ReplayState),
        started_at_ms=longs,
        updated_at_ms=longs,
        wanted=of(
            Wanted,
            since_ms=longs,
            statuses=st.lists(st.sampled_from(DeliveryStatus), max_size=3, unique=True).map(tuple),
            source=st.sampled_from(ReplaySource),
        ),
        rate_per_s=st.none() | st.floats(0, 1e5),
        stretches=st.lists(of(Stretch, start=longs, next=longs, end=longs), max_size=3).map(tuple),
        deliveries=longs,
        passed=st.dictionaries(texts, longs, max_size=3).map(lambda counts: tuple(sorted(counts.items()))),
    ),
    "signal": st.builds(Signal, texts, texts, longs, st.sampled_from(SignalKind), st.none() | texts, st.none() | ints),
    "subscription": subscriptions,
}
VERSIONS = {kind: read_versions(schemas_root() / "gateway" / kind) for kind in CODECS}
OLDER = [(kind, version) for kind, known in VERSIONS.items() for version in known if version < max(known)]


def test_every_kind_of_record_is_here() -> None:
    """A new kind is tested from its first release on."""
    assert {folder.name for folder in (schemas_root() / "gateway").iterdir()} == set(CODECS)


@pytest.mark.parametrize(("kind", "version"), OLDER)
@settings(max_examples=30)
@given(data=st.data())
def test_what_an_older_release_wrote_is_read(kind: str, version: int, data: st.DataObject) -> None:
    """All that it said, and the default of each field that it did not have."""
    codec, older, newest = CODECS[kind], VERSIONS[kind][version], VERSIONS[kind][max(VERSIONS[kind])]
    fields = codec._to_avro(data.draw(RECORDS[kind]))
    said = {field["name"]: fields[field["name"]] for field in older["fields"]}

    read = codec._to_avro(codec.decode(SingleObjectWriter(older).encode(said)))

    added = {field["name"]: field["default"] for field in newest["fields"] if field["name"] not in said}
    assert read == {**added, **said}


@pytest.mark.parametrize(("kind", "version"), OLDER)
@settings(max_examples=30)
@given(data=st.data())
def test_what_this_release_writes_is_read_by_an_older_one(kind: str, version: int, data: st.DataObject) -> None:
    """By the schemas that it has: all that it knows of, and the rest is passed over."""
    older = _release_with(kind, version)
    written = data.draw(RECORDS[kind])
    fields = CODECS[kind]._to_avro(written)
    known = {field["name"] for field in VERSIONS[kind][version]["fields"]}
    assert older.decode(CODECS[kind].encode(written)) == {name: fields[name] for name in known}


@pytest.mark.parametrize("kind", CODECS)
@settings(max_examples=30)
@given(data=st.data())
def test_what_a_later_release_writes_is_read(kind: str, data: st.DataObject) -> None:
    """One that has added a field, as the rules allow."""
    record = data.draw(RECORDS[kind])
    later = _release_with(kind, max(VERSIONS[kind]) + 1)
    value = later.encode({**CODECS[kind]._to_avro(record), "of_tomorrow": "new"})
    assert CODECS[kind].decode(value) == record


@cache
def _release_with(kind: str, newest: int) -> RecordCodec[dict[str, Any]]:
    """Give the codec of a release that has the versions up to this one; its records are plain fields."""
    versions = dict(VERSIONS[kind])
    last = versions[max(versions)]
    added = {"name": "of_tomorrow", "type": ["null", "string"], "default": None}
    versions[max(versions) + 1] = {**last, "fields": [*last["fields"], added]}
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        place = Path(folder) / "gateway" / kind
        place.mkdir(parents=True)
        for version in range(1, newest + 1):
            (place / f"{version}.avsc").write_text(json.dumps(versions[version]))
        patched.setattr(record_codec, "schemas_root", lambda: Path(folder))
        return RecordCodec(kind, dict, dict)
