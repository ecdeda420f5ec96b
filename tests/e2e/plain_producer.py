"""A service that knows nothing of the gateway: it publishes with confluent-kafka and fastavro alone.

Usage: plain_producer.py BOOTSTRAP_SERVERS SCHEMA_FILE TENANT COUNT [--bare]

Values are in Avro's single-object encoding: C3 01, the schema's CRC-64-AVRO fingerprint in little-endian order, and the
datum (Avro specification, "Single-object encoding"). With --bare the records carry no CloudEvents headers.
"""

import io
import json
import sys
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import fastavro
from confluent_kafka import Producer
from fastavro.schema import fingerprint, to_parsing_canonical_form


def main(servers: str, schema_file: str, tenant: str, count: str, *flags: str) -> None:
    """Publish COUNT `order.paid` events with the ids `<tenant>-plain-<number>`."""
    schema = json.loads(Path(schema_file).read_text())
    header = b"\xc3\x01" + bytes.fromhex(fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO"))
    producer = Producer({"bootstrap.servers": servers, "acks": "all"})
    for number in range(int(count)):
        value = io.BytesIO()
        value.write(header)
        fastavro.schemaless_writer(value, fastavro.parse_schema(schema), payment())
        producer.produce(
            "events.order",
            key=f"order-{number}",
            value=value.getvalue(),
            headers=[] if "--bare" in flags else context(tenant, number),
        )
    if producer.flush(30):
        sys.exit("not everything was confirmed")


def payment() -> dict[str, object]:
    """Make up a payment."""
    return {
        "order_id": str(uuid.uuid4()),
        "payment_id": str(uuid.uuid4()),
        "paid_at": datetime.now(UTC),
        "method": "WALLET",
        "currency": "EUR",
        "amount": Decimal("99.95"),
        "provider_reference": "pp-1",
        "risk": {"score": 0.25, "rules": ["velocity"]},
    }


def context(tenant: str, number: int) -> list[tuple[str, str | bytes | None]]:
    """Give the headers of the CloudEvents Kafka binding."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", f"{tenant}-plain-{number}".encode()),
        ("ce_type", b"order.paid"),
        ("ce_source", b"/plain/payments"),
        ("ce_time", datetime.now(UTC).isoformat().encode()),
        ("ce_tenant", tenant.encode()),
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
