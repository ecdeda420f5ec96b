"""An attempt signs with the secrets, and sends the headers, that its subscription has now."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gateway.domain.addresses import DEVELOPMENT
from gateway.domain.outcome import Answered, ErrorCode, Failed
from gateway.domain.secret import Ed25519Secret, HmacSecret, SigningSecret
from gateway.domain.subscription import CustomHeader, SignatureProfile, Subscription
from gateway.egress.attempt import SigningAttempter
from gateway.http.client import WebhookClient
from gateway.receiver.sandbox import Sandbox
from gateway.wire.sealing import (
    KeyMissingError,
    KeyRing,
    SealBrokenError,
    generate_key_line,
    header_part,
    parse_key_ring,
)
from tests.delivery_records import planned
from tests.egress_in_memory import completed
from tests.http.raw_endpoint import OK, raw_endpoint, saying

OLD, NEW = HmacSecret(b"o" * 32), HmacSecret(b"n" * 32)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Run a receiver that verifies."""
    sandbox = Sandbox()
    yield sandbox
    await sandbox.stop()


def subscription(url: str, ring: KeyRing, secret: SigningSecret) -> Subscription:
    sealed = ring.seal(secret, tenant="acme", subscription_id="sub_1", now_ms=0)
    return Subscription("sub_1", "acme", url, ("*",), (sealed,), created_at_ms=0, updated_at_ms=0)


async def test_a_subscription_made_anew_signs_with_its_own_secret(sandbox: Sandbox) -> None:
    """Deleted and created again it has its old id and revision, but not its old secret."""
    url = await sandbox.start() + "/hooks/shop"
    ring = parse_key_ring(generate_key_line())
    client = WebhookClient(DEVELOPMENT)
    attempter = SigningAttempter(client, ring)
    first, again = subscription(url, ring, OLD), subscription(url, ring, NEW)
    assert first.revision == again.revision
    to_send = planned("evt_1", "sub_1", tenant="acme")
    for present, secret in ((first, OLD), (again, NEW)):
        sandbox.set_secrets("shop", [secret.text])
        await attempter.attempt(to_send, present)
    await client.close()
    assert (sandbox.stats("shop").verified, sandbox.stats("shop").rejected) == (2, 0)


async def test_another_tenants_subscription_with_the_same_id_gets_nothing(sandbox: Sandbox) -> None:
    """Made anew by somebody else, an id would have what was planned for its first owner, and waits, sent to them."""
    url = await sandbox.start() + "/hooks/shop"
    ring, client = parse_key_ring(generate_key_line()), WebhookClient(DEVELOPMENT)
    to_send = planned("evt_1", "sub_1", tenant="rival")
    attempt = await SigningAttempter(client, ring).attempt(to_send, subscription(url, ring, OLD))
    await client.close()
    assert isinstance(attempt.result, Failed)
    assert (attempt.result.code, sandbox.received("shop")) == (ErrorCode.CONFIGURATION, [])
    assert "acme" not in attempt.result.detail


async def test_secrets_of_both_types_sign_every_attempt(sandbox: Sandbox) -> None:
    """A receiver that knows any of them verifies, and the key pair is opened once for all attempts."""
    url = await sandbox.start() + "/hooks/shop"
    ring = parse_key_ring(generate_key_line())
    pair = Ed25519Secret(b"p" * 32)
    both = replace(
        subscription(url, ring, OLD),
        secrets=tuple(ring.seal(one, tenant="acme", subscription_id="sub_1", now_ms=0) for one in (pair, OLD)),
    )
    client = WebhookClient(DEVELOPMENT)
    attempter = SigningAttempter(client, ring)
    for trusted in ([pair.public_key.text], [OLD.text], [NEW.text, pair.public_key.text]):
        sandbox.set_secrets("shop", trusted)
        await attempter.attempt(planned("evt_1", "sub_1", tenant="acme"), both)
    await client.close()
    assert (sandbox.stats("shop").verified, sandbox.stats("shop").rejected) == (3, 0)


async def test_what_can_not_be_signed_is_not_sent(sandbox: Sandbox) -> None:
    """A profile that needs another type of secret is a fault of the configuration, told without a request."""
    url = await sandbox.start() + "/hooks/shop"
    ring, client = parse_key_ring(generate_key_line()), WebhookClient(DEVELOPMENT)
    unsignable = replace(
        subscription(url, ring, Ed25519Secret(b"p" * 32)), signature_profiles=(SignatureProfile.X_WEBHOOK,)
    )
    attempt = await SigningAttempter(client, ring).attempt(planned("evt_1", "sub_1", tenant="acme"), unsignable)
    await client.close()
    assert isinstance(attempt.result, Failed)
    assert (attempt.result.code, sandbox.received("shop")) == (ErrorCode.CONFIGURATION, [])


async def test_a_refused_address_is_a_line_for_whoever_watches() -> None:
    """It names the subscription and the host as it was given, not what that was resolved to."""
    ring, client = parse_key_ring(generate_key_line()), WebhookClient()
    with capture_logs() as lines:
        attempter = SigningAttempter(client, ring)
        to_send = planned("evt_1", "sub_1", tenant="acme")
        await attempter.attempt(to_send, subscription("https://localhost/hooks", ring, OLD))
    await client.close()
    (line,) = [line for line in lines if line["event"] == "security.address_refused"]
    assert (line["subscription_id"], line["host"]) == ("sub_1", "localhost")
    assert "127.0.0.1" not in str(line)


def with_header(subscription: Subscription, ring: KeyRing, name: str, value: str) -> Subscription:
    """Give the next revision with one header."""
    sealed = ring.seal_part(value, header_part(name), tenant="acme", subscription_id="sub_1")
    return replace(subscription, revision=subscription.revision + 1, headers=(CustomHeader(name, sealed),))


async def test_custom_headers_are_sent_as_they_are_now() -> None:
    """Beside those of the gateway, and a new revision's in place of the old one's."""
    ring = parse_key_ring(generate_key_line())
    client = WebhookClient(DEVELOPMENT)
    attempter = SigningAttempter(client, ring)
    to_send = planned("evt_1", "sub_1", tenant="acme")
    async with raw_endpoint(saying(OK)) as endpoint:
        plain = subscription(endpoint.url, ring, OLD)
        first = with_header(plain, ring, "Authorization", "Bearer one")
        second = with_header(first, ring, "authorization", "Bearer two")
        for present in (first, first, second, plain):
            await attempter.attempt(to_send, present)
    await client.close()
    values = [request.all("authorization") for request in endpoint.requests]
    assert values == [["Bearer one"], ["Bearer one"], ["Bearer two"], []]
    for request in endpoint.requests:
        assert request.all("content-type") == [to_send.content_type]
        assert len(request.all("webhook-signature")) == 1


async def test_a_header_that_does_not_open_keeps_the_request_back() -> None:
    """Nothing is sent without its credentials, nor with those of another header."""
    ring, other_ring = parse_key_ring(generate_key_line()), parse_key_ring(generate_key_line())
    client = WebhookClient(DEVELOPMENT)
    attempter = SigningAttempter(client, ring)
    async with raw_endpoint(saying(OK)) as endpoint:
        plain = subscription(endpoint.url, ring, OLD)
        moved = with_header(plain, ring, "X-Other", "canary").headers[0].value
        unusable = (
            with_header(plain, other_ring, "X-Key", "canary"),
            replace(plain, headers=(CustomHeader("X-Key", moved),)),
        )
        for present in unusable:
            with pytest.raises((KeyMissingError, SealBrokenError)) as kept_back:
                await attempter.attempt(planned("evt_1", "sub_1", tenant="acme"), present)
            assert "canary" not in kept_back.value.message
    await client.close()
    assert endpoint.requests == []


async def test_a_request_says_what_its_body_is() -> None:
    """The schema version in every mode, and the headers that a mode adds; signatures and own headers stay."""
    ring = parse_key_ring(generate_key_line())
    client = WebhookClient(DEVELOPMENT)
    attempter = SigningAttempter(client, ring)
    binary = replace(
        planned("evt_1", "sub_1", tenant="acme"),
        content_headers=(("ce-specversion", "1.0"), ("ce-subject", "Z%C3%BCrich"), ("webhook-id", "evt_2")),
    )
    async with raw_endpoint(saying(OK)) as endpoint:
        plain = subscription(endpoint.url, ring, OLD)
        await attempter.attempt(planned("evt_1", "sub_1", tenant="acme"), plain)
        await attempter.attempt(binary, with_header(plain, ring, "X-Key", "one"))
    await client.close()
    first, second = endpoint.requests
    assert first.all("webhook-schema-version") == second.all("webhook-schema-version") == ["2"]
    assert (first.all("ce-specversion"), second.all("ce-specversion")) == ([], ["1.0"])
    assert (second.all("ce-subject"), second.all("x-key")) == (["Z%C3%BCrich"], ["one"])
    assert second.all("webhook-id") == ["evt_1"]


async def test_an_answer_to_sensitive_fields_is_not_kept() -> None:
    """Many a test endpoint answers with the request it got."""
    ring = parse_key_ring(generate_key_line())
    client = WebhookClient(DEVELOPMENT)
    echo = b"HTTP/1.1 500 Oops\r\nServer: 1906-12-09\r\nContent-Length: 10\r\n\r\n1906-12-09"
    async with raw_endpoint(saying(echo)) as endpoint:
        granted = replace(subscription(endpoint.url, ring, OLD), sensitive_grants=("order.created:born",))
        to_send = replace(planned("evt_1", "sub_1", tenant="acme"), sensitive_fields=("born",))
        attempt = await SigningAttempter(client, ring).attempt(to_send, granted)
    await client.close()
    assert attempt.summary.status == 500
    assert "1906" not in repr(attempt)


@pytest.mark.parametrize("grants", [(), ("order.paid:born",), ("order.created:born_in",)])
async def test_a_grant_that_was_withdrawn_holds_for_deliveries_under_way(
    sandbox: Sandbox, grants: tuple[str, ...]
) -> None:
    """Their bodies were rendered before; they are not sent, and the record says why."""
    url = await sandbox.start() + "/hooks/shop"
    ring, client = parse_key_ring(generate_key_line()), WebhookClient(DEVELOPMENT)
    withdrawn = replace(subscription(url, ring, OLD), sensitive_grants=grants)
    to_send = replace(planned("evt_1", "sub_1", tenant="acme"), sensitive_fields=("born",))
    attempt = await SigningAttempter(client, ring).attempt(to_send, withdrawn)
    await client.close()
    assert attempt.result == Failed(ErrorCode.CONFIGURATION, "its body holds what is granted no more: born")
    assert sandbox.received("shop") == []


async def test_a_request_says_which_trace_its_event_belongs_to() -> None:
    """Every attempt does, so that a receiver's own trace goes on; without a trace nothing is made up."""
    ring, client = parse_key_ring(generate_key_line()), WebhookClient(DEVELOPMENT)
    attempter = SigningAttempter(client, ring)
    plain = planned("evt_1", "sub_1", tenant="acme")
    traced = replace(plain, traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    async with raw_endpoint(saying(OK)) as endpoint:
        to = subscription(endpoint.url, ring, OLD)
        for to_send in (traced, traced.retried(completed(Answered(500), 1).summary, 0), plain):
            await attempter.attempt(to_send, to)
    await client.close()
    assert [request.all("traceparent") for request in endpoint.requests] == [[traced.traceparent]] * 2 + [[]]
