"""The headers of the request that a delivery would be sent with, put together by what sends it. Opens no secret.

What is made when it is sent, or is a secret of the subscription, has no value here: with a signature that verifies,
anybody could send the request until its timestamp is too old.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from aiohttp import ClientError

from gateway.domain.delivery import Delivery
from gateway.domain.request_headers import request_headers
from gateway.domain.secret import HmacSecret
from gateway.domain.signing import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    X_SIGNATURE_HEADER,
    X_TIMESTAMP_HEADER,
    signature_headers,
)
from gateway.domain.subscription import Subscription
from gateway.http.exchange import complete_headers, endpoint_of

MADE_WHEN_SENT = frozenset(
    name.lower() for name in (TIMESTAMP_HEADER, SIGNATURE_HEADER, X_TIMESTAMP_HEADER, X_SIGNATURE_HEADER)
)
# It signs nothing: of what it makes only the names are taken.
_NOBODYS_SECRET = HmacSecret(bytes(32))


def preview_headers(subscription: Subscription, delivery: Delivery) -> list[tuple[str, str | None]]:
    """Give every header that a delivery would be sent with, in order; None for a value that is not told.

    Where the URL can't be used, which no command would have written, those of the connection are left out.

    Args:
        subscription: to whom.
        delivery: what is sent; it has a body.
    """
    signature = signature_headers(
        subscription.signature_profiles, (_NOBODYS_SECRET,), delivery.event_id, delivery.body, now_ms=0
    )
    custom = {header.name: "" for header in subscription.headers}
    untold = MADE_WHEN_SENT | {name.lower() for name in custom}
    headers = request_headers(delivery, signature, custom)
    complete: Mapping[str, str] = headers
    with asyncio.Runner() as runner, suppress(ClientError, ValueError):
        complete = complete_headers(endpoint_of(subscription.url, loop=runner.get_loop()), headers, delivery.body)
    return [(str(name), None if name.lower() in untold else value) for name, value in complete.items()]
