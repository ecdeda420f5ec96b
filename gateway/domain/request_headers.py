"""Step ⑤: the headers of a request, put together: whatever a subscription adds, it never replaces the gateway's own."""

from collections.abc import Mapping

from gateway.domain.content_headers import SCHEMA_VERSION_HEADER
from gateway.domain.delivery import Delivery
from gateway.domain.trace_context import TRACEPARENT_HEADER

CONTENT_TYPE_HEADER = "Content-Type"


def request_headers(
    delivery: Delivery, signature: Mapping[str, str], custom: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Give the headers of a delivery's request, all but what belongs to the connection (`gateway.http.exchange`).

    Args:
        delivery: what is sent.
        signature: the headers that sign it.
        custom: the subscription's own headers.
    """
    own = {
        **signature,
        CONTENT_TYPE_HEADER: delivery.content_type,
        SCHEMA_VERSION_HEADER: str(delivery.schema_version),
    }
    if delivery.traceparent is not None:
        own[TRACEPARENT_HEADER] = delivery.traceparent
    if custom or delivery.content_headers:
        return {**(custom or {}), **dict(delivery.content_headers), **own}
    return own
