"""Subscriptions over HTTP: their whole life, by the same functions as the commands.

Each has its revision as ETag. A change takes `If-Match`; the write itself is fenced (docs/decisions/0002), so nobody
overwrites what he has not seen.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar

from gateway.admin.lifecycle import SubscriptionLifecycle, select_subscriptions
from gateway.admin.signing_secrets import held_secrets
from gateway.admin.subscriptions import DEFAULT_OVERLAP_MS, Issued, SubscriptionAdmin
from gateway.admin.views import public_view
from gateway.console.access.caller import Caller, require_seen
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.console.api.subscription_models import (
    IssuedView,
    NewSubscription,
    RotationBody,
    SubscriptionChange,
    SubscriptionPageView,
    SubscriptionQuery,
    SubscriptionView,
)
from gateway.domain.access import Role
from gateway.domain.errors import GatewayError
from gateway.domain.event import DEFAULT_TENANT
from gateway.domain.secret import Ed25519Secret
from gateway.domain.subscription import Subscription

_SEEN_S = 5.0
_TAG = "subscriptions"

T = TypeVar("T")


class SubscriptionsApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """List the routes."""
        one = "/subscriptions/{subscription_id}"
        return [
            Route(
                "GET", "/subscriptions", "listSubscriptions", "List subscriptions, by their ids.", _TAG,
                Role.SUBSCRIBER, self._list, SubscriptionPageView, query=SubscriptionQuery, scope=Scope.TENANT,
            ),
            Route(
                "POST", "/subscriptions", "createSubscription", "Make a subscription; its secret is shown once.", _TAG,
                Role.OPERATOR, self._create, IssuedView, body=NewSubscription, status=201, repeats=True,
                scope=Scope.TENANT,
            ),
            Route(
                "GET", one, "getSubscription", "Show a subscription.", _TAG, Role.SUBSCRIBER, self._get,
                SubscriptionView, scope=Scope.TENANT,
            ),
            Route(
                "PATCH", one, "updateSubscription", "Change a subscription: a JSON merge patch.", _TAG,
                Role.OPERATOR, self._update, SubscriptionView, body=SubscriptionChange, matches=True, repeats=True,
                scope=Scope.TENANT,
            ),
            Route(
                "DELETE", one, "deleteSubscription", "Delete a subscription; what is under way to it is discarded.",
                _TAG, Role.OPERATOR, self._delete, status=204, matches=True, repeats=True, scope=Scope.TENANT,
            ),
            Route(
                "POST", f"{one}/pause", "pauseSubscription", "Hold its deliveries back until it is resumed.", _TAG,
                Role.OPERATOR, self._pause, SubscriptionView, matches=True, repeats=True,
                scope=Scope.TENANT, portal=True,
            ),
            Route(
                "POST", f"{one}/resume", "resumeSubscription", "Make a paused or disabled one active.", _TAG,
                Role.OPERATOR, self._resume, SubscriptionView, matches=True, repeats=True,
                scope=Scope.TENANT, portal=True,
            ),
            Route(
                "POST", f"{one}/rotate-secret", "rotateSecret", "Give it a new secret, which is shown once.", _TAG,
                Role.OPERATOR, self._rotate, IssuedView, body=RotationBody, matches=True, repeats=True,
                scope=Scope.TENANT, portal=True,
            ),
        ]  # fmt: skip

    async def _list(self, call: Call) -> Answer:
        query: SubscriptionQuery = call.query
        tenant = call.caller.tenant_for(query.tenant)
        chosen = select_subscriptions(self._parts.table.index, tenant=tenant, state=query.state, text=query.q)
        behind = sorted(
            (one for one in chosen if query.cursor is None or one.subscription_id > query.cursor),
            key=lambda one: one.subscription_id,
        )
        page = behind[: query.limit]
        following = page[-1].subscription_id if len(behind) > len(page) else None
        return Answer(SubscriptionPageView(items=[_view(public_view(one)) for one in page], next=following))

    async def _get(self, call: Call) -> Answer:
        return await self._shown(await self._current(call))

    async def _create(self, call: Call) -> Answer:
        body: NewSubscription = call.body
        issued = await self._write(
            lambda: self._admin(call.caller).create(
                body.definition(None),
                subscription_id=body.id,
                tenant=call.caller.tenant_for(body.tenant) or DEFAULT_TENANT,
                secret_text=None if body.secret is None else body.secret.get_secret_value(),
                secret_type=body.secret_type,
            )
        )
        return await self._issued(issued, location=f"/subscriptions/{issued.subscription.subscription_id}")

    async def _update(self, call: Call) -> Answer:
        body: SubscriptionChange = call.body
        body.check_taken_away()
        current = await self._current(call)
        definition = body.definition(current)
        return await self._changed(
            lambda: self._admin(call.caller).update(
                current.subscription_id, definition, expected_revision=call.if_match
            )
        )

    async def _delete(self, call: Call) -> Answer:
        subscription_id = (await self._current(call)).subscription_id
        await self._write(lambda: self._lifecycle(call.caller).delete(subscription_id, expected_revision=call.if_match))
        return Answer()

    async def _pause(self, call: Call) -> Answer:
        subscription_id = (await self._current(call)).subscription_id
        lifecycle = self._lifecycle(call.caller)
        return await self._changed(lambda: lifecycle.pause(subscription_id, expected_revision=call.if_match))

    async def _resume(self, call: Call) -> Answer:
        subscription_id = (await self._current(call)).subscription_id
        lifecycle = self._lifecycle(call.caller)
        return await self._changed(lambda: lifecycle.resume(subscription_id, expected_revision=call.if_match))

    async def _rotate(self, call: Call) -> Answer:
        body: RotationBody = call.body
        subscription_id = (await self._current(call)).subscription_id
        issued = await self._write(
            lambda: self._admin(call.caller).rotate_secret(
                subscription_id,
                overlap_ms=DEFAULT_OVERLAP_MS if body.overlap_ms is None else body.overlap_ms,
                secret_text=None if body.secret is None else body.secret.get_secret_value(),
                secret_type=body.secret_type,
                expected_revision=call.if_match,
            )
        )
        return await self._issued(issued)

    def _lifecycle(self, caller: Caller) -> SubscriptionLifecycle:
        return SubscriptionLifecycle(self._parts.store(caller), self._parts.clock)

    def _admin(self, caller: Caller) -> SubscriptionAdmin:
        parts = self._parts
        return SubscriptionAdmin(parts.store(caller), rules=parts.rules, key_ring=parts.key_ring, clock=parts.clock)

    async def _current(self, call: Call) -> Subscription:
        """Give the subscription that the path names; one that is not known may be too new to have been seen.

        For another tenant's it waits as for one that is not there: how long an answer takes tells nothing.
        """
        subscription_id = call.path["subscription_id"]
        known = self._parts.table.index.get(subscription_id)
        if known is None or not call.caller.sees(known.tenant):
            await self._catch_up()
        return require_seen(self._parts.table.index, subscription_id, call.caller)

    async def _catch_up(self) -> None:
        """Wait until the table holds what was written before; without Kafka it stays as it is."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SEEN_S):
                await self._parts.table.refresh()

    async def _changed(self, change: Callable[[], Subscription]) -> Answer:
        return await self._shown(await self._write(change))

    async def _write(self, change: Callable[[], T]) -> T:
        """Make a change, and wait until this process has seen it, so that whoever asks next sees it, too."""
        made = await asyncio.to_thread(change)
        await self._catch_up()
        return made

    async def _shown(self, subscription: Subscription) -> Answer:
        try:
            held = await asyncio.to_thread(lambda: held_secrets(self._parts.key_ring(), subscription))
        except GatewayError:
            held = None  # without the keys, types and public keys are not known
        return Answer(_view(public_view(subscription, held)), revision=subscription.revision)

    async def _issued(self, issued: Issued, location: str | None = None) -> Answer:
        shown = await self._shown(issued.subscription)
        is_pair = isinstance(issued.secret, Ed25519Secret)
        view = IssuedView(
            subscription=shown.value,
            kind="public_key" if is_pair else "secret",
            value=issued.secret.public_key.text if isinstance(issued.secret, Ed25519Secret) else issued.secret.text,
        )
        return Answer(view, revision=issued.subscription.revision, location=location)


def _view(view: dict[str, object]) -> SubscriptionView:
    return SubscriptionView.model_validate(view)
