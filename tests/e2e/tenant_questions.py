"""How each route of the API is asked for a tenant's things: the table that a new route gets a line in."""

from http import HTTPStatus
from random import Random
from typing import Any

from gateway.telemetry.clock import now_ms
from gateway.wire.mocking import mock_data
from tests.subscriptions import CATALOG

_NOW_MS = now_ms()
_TO_ONE = {"subscription_ids": ["{subscription_id}"], "since_ms": _NOW_MS}
_TO_TENANT = {"to_all": True, "tenants": ["{tenant}"], "since_ms": _NOW_MS}
_NEW = {"url": "http://127.0.0.1:1/h", "event_types": ["order.*"]}
EVENT: dict[str, Any] = {
    "event_type": "order.created",
    "data": mock_data(CATALOG.entry("order.created").nodes, Random(1)),  # noqa: S311 - made up
}
# How each route is asked for a tenant's things: queries and bodies in which these are put in. Those whose path says all
# have one empty question.
QUESTIONS: dict[str, list[dict[str, Any]]] = {
    "listDeliveries": [
        {"query": ""},
        {"query": "tenant={tenant}"},
        {"query": "delivery_id={delivery_id}"},
        {"query": "event_id={event_id}"},
        {"query": "subscription_id={subscription_id}"},
        {"query": "subscription_id={subscription_id}&state=dead_lettered"},
        {"query": "host=127.0.0.1"},
        {"query": "event_type=order.created"},
    ],
    "getDelivery": [{}],
    "listAttempts": [{"query": ""}, {"query": "tenant={tenant}"}, {"query": "subscription_id={subscription_id}"}],
    "listDeadLetters": [{"query": ""}, {"query": "tenant={tenant}"}, {"query": "subscription_id={subscription_id}"}],
    "groupDeadLetters": [{}],
    "replayDeadLetters": [{"body": {"delivery_ids": ["{delivery_id}"], "again": True}}],
    "listSubscriptions": [
        {"query": ""},
        {"query": "tenant={tenant}"},
        {"query": "tenant={tenant}&state=active"},
        {"query": "q={tenant}"},
    ],
    "createSubscription": [
        {
            "body": {
                "id": "new-{tenant}",
                "tenant": "{tenant}",
                "url": "http://127.0.0.1:1/h",
                "event_types": ["order.*"],
            }
        }
    ],
    "getSubscription": [{}],
    "previewSubscription": [
        {"body": {"definition": {"description": "x"}, "subscription_id": "{subscription_id}"}},
        {"body": {"definition": _NEW, "tenant": "{tenant}"}},
    ],
    "updateSubscription": [{"body": {"description": "{tenant} was here"}}],
    "pauseSubscription": [{}],
    "resumeSubscription": [{}],
    "rotateSecret": [{"body": {}}],
    "sendTestEvent": [{"body": {}}],
    "resendDelivery": [{}],
    "explainEvent": [
        {"body": {**EVENT, "tenant": "{tenant}"}},
        {"body": {**EVENT, "subscription_id": "{subscription_id}"}},
    ],
    "search": [
        {"query": "q={tenant}"},
        {"query": "q={subscription_id}"},
        {"query": "q={delivery_id}"},
        {"query": "q={event_id}"},
        {"query": "q=127.0.0.1"},
    ],
    "listSignals": [{"query": ""}, {"query": "tenant={tenant}"}, {"query": "subscription_id={subscription_id}"}],
    "getStats": [{"query": ""}, {"query": "tenant={tenant}"}],
    "listRecentHours": [{"query": "subscription_id={subscription_id}"}],
    "getSubscriptionHealth": [{"query": ""}],
    "countBacklog": [{}],
    "purgeDeadLetters": [
        {"body": {"to_all": True, "tenants": ["{tenant}"], "dry_run": True}},
        {"body": {"subscription_ids": ["{subscription_id}"], "dry_run": True}},
        {"body": {"delivery_ids": ["{delivery_id}"]}},
    ],
    "listReplays": [{}],
    "countReplay": [{"body": _TO_ONE}, {"body": _TO_TENANT}],
    "startReplay": [{"body": _TO_ONE}, {"body": _TO_TENANT}],
    "getReplay": [{}],
    # It has ended: there is nothing to be done with one's own either.
    "cancelReplay": [{"own": HTTPStatus.CONFLICT}],
    "resumeReplay": [{"own": HTTPStatus.CONFLICT}],
    "listAudit": [{"query": ""}, {"query": "subscription_id={subscription_id}"}],
    "explainPastEvent": [{"query": "event_id={event_id}&event_type=order.created"}],
    "listVersions": [{}],
    "tellImpact": [{"body": {"avro": CATALOG.entry("order.created").source}}],
    "listPortalLinks": [{"query": ""}, {"query": "tenant={tenant}"}],
    "makePortalLink": [{"body": {"tenant": "{tenant}"}}, {"body": {"subscription_id": "{subscription_id}"}}],
    # The last ones: they take away what the others are about.
    "revokePortalLinks": [{"body": {"tenant": "{tenant}"}}],
    "deleteSubscription": [{}],
}
NAMES = ("tenant", "subscription_id", "delivery_id", "event_id", "replay_id")
# Asked in a test of its own.
STREAMS = {"tailAttempts"}
# They answer who asks.
OF_CALLERS = {"getSession", "logIn", "logOut", "openPortal"}
# What is asked for where a path names what is no tenant's.
SHARED = {"event_type": "order.created", "version": "1"}
