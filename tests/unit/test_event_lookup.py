"""What the topics hold of an event's id is told to each tenant as far as it is theirs."""

import pytest

from gateway.admin.event_lookup import MAX_RECORDS, EventSearch
from gateway.domain.delivery import RejectedEvent
from gateway.domain.event import SourcePosition
from gateway.domain.topics import REJECTED
from gateway.kafka.scan import RawRecord
from gateway.wire.rejected_record import rejected_codec

TENANTS = (b"acme", b"rival", None, b"acme", b"\xff")
ID = "evt-1"


def headers_of(tenant: bytes | None) -> tuple[tuple[str, bytes], ...]:
    """Give the headers of an event."""
    named = () if tenant is None else (("ce_tenant", tenant),)
    return (("ce_id", ID.encode()), *named)


def record(offset: int, tenant: bytes | None) -> RawRecord:
    """Give a record of the event's id."""
    return RawRecord("events.order", 0, offset, 1_000, None, b"", headers_of(tenant))


def rejected(offset: int, tenant: bytes | None) -> RawRecord:
    """Give what was rejected of that record."""
    source = SourcePosition("events.order", 0, offset)
    of_it = RejectedEvent(source, None, None, headers_of(tenant), "bad_value", f"of {tenant!r}", 1_000)
    return RawRecord(REJECTED, 0, offset, 1_000, None, rejected_codec().encode(of_it))


@pytest.mark.parametrize(
    ("tenant", "offsets"),
    [("acme", [0, 3]), ("rival", [1]), ("default", [2]), ("nobody", []), (None, [0, 1, 2, 3, 4])],
)
def test_each_tenant_is_told_of_their_own_records_and_rejections(tenant: str | None, offsets: list[int]) -> None:
    """Ids are the producers' choice: two may have chosen the same, like the number of an order."""
    search = EventSearch(ID, tenant)
    for each in enumerate(TENANTS):
        search.take(record(*each))
        search.take(rejected(*each))
    assert [each.offset for each in search.records] == offsets
    assert [each.source.offset for each in search.rejections] == offsets
    assert search.omitted == 0


def test_as_many_as_others_have_of_an_id_they_do_not_hide_ones_own() -> None:
    """Nor are theirs counted."""
    search = EventSearch(ID, "acme")
    for offset in range(MAX_RECORDS + 1):
        search.take(record(offset, b"rival"))
    for offset in range(100, 100 + MAX_RECORDS + 2):
        search.take(record(offset, b"acme"))
    assert [each.offset for each in search.records] == list(range(100, 100 + MAX_RECORDS))
    assert search.omitted == 2
