"""What a producer asks for with an event: written, read, and refused where it can't be meant."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.delivery import Priority
from gateway.domain.errors import InvalidInputError
from gateway.domain.options import NO_OPTIONS, DeliveryOptions
from gateway.wire.catalog import load_catalog
from gateway.wire.event_encoder import EventEncoder, NewEvent
from gateway.wire.option_headers import (
    DeliverAfter,
    deliver_after_text,
    options_of,
    parse_deliver_after,
    parse_priority,
)
from gateway.wire.schema_files import schemas_root

CATALOG = load_catalog(schemas_root() / "events")
NOW = datetime(2026, 1, 31, 13, 30, tzinfo=UTC)
NOW_MS = 1_769_866_200_000
EVENT = NewEvent(
    "order.paid",
    {
        "order_id": "6f0a4a0e-5b0c-4d3b-9a5e-0f2c7f1f2c11",
        "payment_id": "6f0a4a0e-5b0c-4d3b-9a5e-0f2c7f1f2c11",
        "paid_at": "2026-01-31T13:30:00Z",
        "method": "CARD",
        "currency": "EUR",
        "amount": "12.30",
    },
    version=1,
)


@pytest.mark.parametrize(
    ("text", "wait_ms"),
    [
        ("90s", 90_000),
        ("10m", 600_000),
        ("2h", 7_200_000),
        ("1d", 86_400_000),
        ("2026-01-31T13:31:00Z", 60_000),
        ("2026-01-31T14:31:00.250+01:00", 60_250),
        ("2026-01-31T13:29:00Z", -60_000),
    ],
)
def test_a_time_or_a_delay_from_the_record_s_timestamp(text: str, wait_ms: int) -> None:
    """A time that has passed is no mistake: an event that was published late is delivered at once."""
    assert options_of(parse_deliver_after(text), None, NOW_MS).not_before_ms == NOW_MS + wait_ms


@pytest.mark.parametrize(
    "text", ["", "soon", "10", "0s", "-5m", "1.5h", "2026-01-31", "2026-01-31T13:30:00", "10m\n", "2026-13-01T00:00Z"]
)
def test_anything_else_is_refused(text: str) -> None:
    """What was to wait must not be sent at once: nothing is guessed."""
    with pytest.raises(InvalidInputError, match="is neither a time nor a delay"):
        parse_deliver_after(text)


moments = st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1), timezones=st.just(timezone(timedelta(hours=5))))  # noqa: DTZ001 - Hypothesis adds the zone


@given(st.timedeltas(timedelta(microseconds=1), timedelta(days=4)) | moments)
def test_what_is_written_is_read_back(deliver_after: DeliverAfter) -> None:
    """A time exactly, a delay rounded up to the second: never earlier than was asked for."""
    read = parse_deliver_after(deliver_after_text(deliver_after))
    if isinstance(deliver_after, datetime):
        assert read == deliver_after
    else:
        assert isinstance(read, timedelta)
        assert timedelta(0) <= read - deliver_after < timedelta(seconds=1)


def test_a_priority_is_high_or_normal() -> None:
    """In lower case, like everything in headers."""
    assert [parse_priority(text) for text in ("high", "normal")] == [Priority.HIGH, Priority.NORMAL]
    for text in ("", "HIGH", "urgent", "1"):
        with pytest.raises(InvalidInputError, match="is not a priority"):
            parse_priority(text)


def test_nothing_asked_for_is_the_usual_case() -> None:
    """It costs nothing, and no header."""
    assert options_of(None, None, NOW_MS) is NO_OPTIONS
    assert options_of(None, Priority.HIGH, NOW_MS) == DeliveryOptions(0, Priority.HIGH)
    encoded = EventEncoder(CATALOG).encode(EVENT, new_id="1", now=NOW)
    assert not any(name.startswith("gateway-") for name, _ in encoded.headers)


def test_a_publisher_writes_both_headers() -> None:
    """As people would write them."""
    event = replace(EVENT, deliver_after=timedelta(minutes=10), priority=Priority.HIGH)
    headers = dict(EventEncoder(CATALOG).encode(event, new_id="1", now=NOW).headers)
    assert headers["gateway-deliver-after"] == b"600s"
    assert headers["gateway-priority"] == b"high"


@pytest.mark.parametrize(
    ("deliver_after", "words"),
    [
        (timedelta(0), "not positive"),
        (timedelta(seconds=-1), "not positive"),
        (datetime(2026, 2, 1), "needs its offset"),  # noqa: DTZ001 - that is what is wrong with it
        (timedelta(days=5, seconds=1), "at most 5 days"),
        (NOW + timedelta(days=5, seconds=1), "at most 5 days"),
    ],
)
def test_a_publisher_refuses_what_the_stream_would_reject(deliver_after: DeliverAfter, words: str) -> None:
    """Where it is made, before anything is sent."""
    with pytest.raises(InvalidInputError, match=words):
        EventEncoder(CATALOG).encode(replace(EVENT, deliver_after=deliver_after), new_id="1", now=NOW)
