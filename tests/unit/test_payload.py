"""What a receiver reads of a request in each content mode: what the gateway renders, and no request of another mode."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.event import Event, SourcePosition
from gateway.domain.subscription import ContentMode, SignatureProfile
from gateway.receiver.payload import InvalidPayloadError, ReceivedEvent, parse_payload
from gateway.receiver.verification import VerifiedWebhook
from gateway.shaping.content_modes import Content, avro_content, render_content

WEBHOOK = VerifiedWebhook("evt-1", 1_767_323_045_000, SignatureProfile.STANDARD)
EVENT = Event(
    event_id=WEBHOOK.webhook_id,
    event_type="order.paid",
    schema_version=2,
    time_ms=1_767_323_045_678,
    source="/shop/Zürich",
    subject="100% 😀",
    tenant="default",
    traceparent=None,
    key=None,
    position=SourcePosition("events.order", 0, 1),
)
DATA = {"id": "not the event's", "type": "not the event's", "amount": "49.90"}
WITH_ATTRIBUTES = {ContentMode.CLOUDEVENTS, ContentMode.CLOUDEVENTS_BINARY}


def received(sent: Content, mode: ContentMode) -> ReceivedEvent:
    """Give what a receiver of a mode makes of a request."""
    headers = {"Content-Type": sent.content_type, "Webhook-Schema-Version": "1", **dict(sent.headers)}
    return parse_payload({name.title(): value for name, value in headers.items()}, sent.body, WEBHOOK, mode)


def sent_in(mode: ContentMode) -> Content:
    """Give a request as the gateway sends it."""
    if mode is ContentMode.AVRO:
        return avro_content(EVENT, b"\xc3\x01...")
    return render_content(mode, EVENT, 1, DATA)


@pytest.mark.parametrize("mode", ContentMode)
def test_what_is_sent_is_received(mode: ContentMode) -> None:
    """Id, type, time, version and data, wherever the mode puts them."""
    event = received(sent_in(mode), mode)
    assert (event.event_id, event.event_type, event.timestamp) == ("evt-1", "order.paid", "2026-01-02T03:04:05.678Z")
    assert event.schema_version == 1
    assert event.data == (b"\xc3\x01..." if mode is ContentMode.AVRO else DATA)
    assert (event.attributes is not None) is (mode in WITH_ATTRIBUTES)
    if event.attributes is not None:
        assert event.attributes["subject"] == "100% 😀"
        assert event.attributes["dataschema"] == "urn:webhook-gateway:schema:order.paid:1"


@pytest.mark.parametrize(
    ("mode", "other"),
    # A CloudEvent has all that the mode `webhook` asks for, and all of it is signed.
    [pair for pair in permutations(ContentMode, 2) if pair != (ContentMode.WEBHOOK, ContentMode.CLOUDEVENTS)],
)
def test_a_request_of_another_mode_is_not_taken_for_an_event(mode: ContentMode, other: ContentMode) -> None:
    """Except by a receiver of Avro, that leaves the body to its library."""
    if (mode, other) == (ContentMode.AVRO, ContentMode.DATA):
        assert received(sent_in(other), mode).data == sent_in(other).body
        return
    with pytest.raises(InvalidPayloadError):
        received(sent_in(other), mode)


@pytest.mark.parametrize(
    ("mode", "changed"),
    [
        (ContentMode.WEBHOOK, {"id": "evt-2"}),
        (ContentMode.WEBHOOK, {"data": [1]}),
        (ContentMode.WEBHOOK, {"timestamp": 5}),
        (ContentMode.CLOUDEVENTS, {"id": "evt-2"}),
        (ContentMode.CLOUDEVENTS, {"specversion": "0.3"}),
        (ContentMode.CLOUDEVENTS, {"source": ""}),
        (ContentMode.CLOUDEVENTS, {"type": None}),
    ],
)
def test_a_body_that_is_not_of_its_shape_is_refused(mode: ContentMode, changed: dict[str, Any]) -> None:
    """It is signed, but no event: above all one whose id is not the signed one."""
    sent = sent_in(mode)
    with pytest.raises(InvalidPayloadError):
        received(replace(sent, body=orjson.dumps({**orjson.loads(sent.body), **changed})), mode)


@pytest.mark.parametrize(
    ("mode", "name", "value"),
    [
        (ContentMode.CLOUDEVENTS_BINARY, "ce-id", "evt-2"),
        (ContentMode.CLOUDEVENTS_BINARY, "ce-specversion", ""),
        (ContentMode.CLOUDEVENTS_BINARY, "ce-subject", "%C0%A0"),
        (ContentMode.DATA, "webhook-event-type", ""),
        (ContentMode.AVRO, "webhook-event-type", ""),
    ],
)
def test_headers_that_are_not_of_the_mode_are_refused(mode: ContentMode, name: str, value: str) -> None:
    """Nothing is guessed; overlong UTF-8 is no UTF-8."""
    sent = sent_in(mode)
    with pytest.raises(InvalidPayloadError):
        received(replace(sent, headers=tuple({**dict(sent.headers), name: value}.items())), mode)


def test_quoted_attributes_of_older_senders_are_understood() -> None:
    """The HTTP binding has them supported, section 3.1.3.2."""
    sent = sent_in(ContentMode.CLOUDEVENTS_BINARY)
    headers = {**dict(sent.headers), "ce-subject": r'"a \"b\" \\ %41"'}
    event = received(replace(sent, headers=tuple(headers.items())), ContentMode.CLOUDEVENTS_BINARY)
    assert event.attributes is not None
    assert event.attributes["subject"] == r'a "b" \ A'


@pytest.mark.parametrize("version", ["", "0", "-1", "1.0", "x", "1" * 20])
def test_a_version_that_is_none_is_not_known(version: str) -> None:
    """The event is taken all the same."""
    sent = sent_in(ContentMode.WEBHOOK)
    event = parse_payload({"webhook-schema-version": version}, sent.body, WEBHOOK)
    assert event.schema_version is None


@given(
    mode=st.sampled_from(ContentMode),
    headers=st.dictionaries(
        st.sampled_from(
            [
                "content-type",
                "webhook-event-type",
                "webhook-event-time",
                "ce-id",
                "ce-type",
                "ce-source",
                "ce-x",
                "ce-specversion",
            ]
        ),
        st.text() | st.sampled_from(["1.0", "evt-1", "application/cloudevents+json", "%", "%ff", "\udcff"]),
    ),
    body=st.binary() | st.sampled_from([sent_in(mode).body for mode in ContentMode]),
)
def test_any_request_is_an_event_or_refused(mode: ContentMode, headers: dict[str, str], body: bytes) -> None:
    """A sender who has the secret can't make the receiver fail, and every text of an event can be written down."""
    try:
        event = parse_payload(headers, body, WEBHOOK, mode)
    except InvalidPayloadError:
        return
    assert event.event_id == "evt-1"
    written = repr((event.event_type, event.timestamp, event.attributes))
    assert "\\udc" not in written
