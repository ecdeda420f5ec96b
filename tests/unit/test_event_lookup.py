"""What the topics hold of an event's id is told to each tenant as far as it is theirs."""

from gateway.admin.event_lookup import FoundRecords
from gateway.domain.delivery import RejectedEvent
from gateway.domain.event import SourcePosition
from gateway.kafka.delivery_log import LogReport
from gateway.kafka.scan import ScanReport
from gateway.wire.event_codec import EventRecord

TENANTS = (b"acme", b"rival", None, b"acme", b"\xff")


def headers_of(tenant: bytes | None) -> tuple[tuple[str, bytes], ...]:
    """Give the headers of an event."""
    named = () if tenant is None else (("ce_tenant", tenant),)
    return (("ce_id", b"evt-1"), *named)


def record(offset: int, tenant: bytes | None) -> EventRecord:
    """Give a record of the event's id."""
    return EventRecord("events.order", 0, offset, 1_000, None, b"", headers_of(tenant))


def rejected(offset: int, tenant: bytes | None) -> RejectedEvent:
    """Give what was rejected of that record."""
    source = SourcePosition("events.order", 0, offset)
    return RejectedEvent(source, None, None, headers_of(tenant), "bad_value", f"of {tenant!r}", 1_000)


def test_each_tenant_is_told_of_their_own_records_and_rejections() -> None:
    """Ids are the producers' choice: two may have chosen the same, like the number of an order."""
    report = LogReport(ScanReport(0, 1, narrowed=False, out_of_time=False), 0)
    records = [record(*each) for each in enumerate(TENANTS)]
    found = FoundRecords(records, 3, [rejected(*each) for each in enumerate(TENANTS)], report)
    for tenant, offsets in (("acme", [0, 3]), ("rival", [1]), ("default", [2]), ("nobody", [])):
        of_one = found.of_tenant(tenant)
        assert [each.offset for each in of_one.records] == offsets
        assert [each.source.offset for each in of_one.rejections] == offsets
        assert of_one.omitted == 0
