"""What somebody has sent on purpose over HTTP: a test event to one subscription, and one delivery once more."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from gateway.admin.test_events import plan_test, send_test
from gateway.console.access.caller import Caller, require_seen
from gateway.console.api.models import Text
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.console.api.stored_records import StoredRecords
from gateway.console.index_store import IndexConnection
from gateway.console.search import DeliverySearch, IndexedDelivery, row_of, search_deliveries
from gateway.console.step_rows import read_steps
from gateway.console.steps import Place, StepKind
from gateway.domain.access import Role
from gateway.domain.audit import ActionTarget
from gateway.domain.delivery import Delivery
from gateway.domain.errors import NotFoundError
from gateway.domain.history import DeliveryState
from gateway.replay.resending import choose_record, resend

# The newest of them has the body.
_MAX_RECORDS = 10
_ACCEPTED = 202


class TrialEventBody(BaseModel):
    """A test event; what is left out is chosen."""

    model_config = ConfigDict(extra="forbid")

    event_type: Annotated[Text, Field(description="the first that the subscription gets, if left out")] | None = None
    version: Annotated[int, Field(ge=1, le=1_000_000, description="the newest if left out")] | None = None
    data: Annotated[dict[str, JsonValue], Field(description="made up if left out")] | None = None


class SentView(BaseModel):
    """What was sent: whoever wants to know what becomes of it asks for the delivery."""

    delivery_id: str
    event_id: str = Field(description="what the receiver knows as webhook-id")
    event_type: str
    subscription_id: str


class SendingApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._records = StoredRecords(parts.config)

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "POST", "/subscriptions/{subscription_id}/test-event", "sendTestEvent",
                "Send one event to this subscription only, whatever its filter says. It is tried once.",
                "subscriptions", Role.OPERATOR, self._test, SentView, body=TrialEventBody, status=_ACCEPTED,
                repeats=True, scope=Scope.TENANT, portal=True,
            ),
            Route(
                "POST", "/deliveries/{delivery_id}/resend", "resendDelivery",
                "Send a delivery again, whatever became of it: the same body, the same webhook-id.",
                "deliveries", Role.OPERATOR, self._resend, SentView, status=_ACCEPTED, repeats=True,
                scope=Scope.TENANT, portal=True,
            ),
        ]  # fmt: skip

    async def _test(self, call: Call) -> Answer:
        body: TrialEventBody = call.body
        subscription = require_seen(self._parts.table.index, call.path["subscription_id"], call.caller)

        def send() -> Delivery:
            delivery = plan_test(
                self._parts.catalog,
                subscription,
                datetime.now(UTC),
                max_body_bytes=self._parts.max_body_bytes,
                event_type=body.event_type,
                version=body.version,
                data=body.data,
            )
            details = {"event_type": delivery.event_type, "event_id": delivery.event_id}
            self._note(call.caller, "test_event_sent", delivery, details)
            send_test(self._parts.config, delivery)
            return delivery

        return Answer(_view(await asyncio.to_thread(send)))

    async def _resend(self, call: Call) -> Answer:
        indexed, places = await self._find(call)
        subscription = require_seen(self._parts.table.index, indexed.subscription_id, call.caller)
        found = await self._records.fetch(places)
        record = choose_record(subscription, [one for one in found.values() if isinstance(one, Delivery)])

        def send() -> None:
            self._note(call.caller, "delivery_resent", record, {"delivery_id": record.delivery_id})
            is_dead_letter = indexed.state is DeliveryState.DEAD_LETTERED
            resend(self._parts.config, record, is_dead_letter=is_dead_letter, now_ms=self._parts.clock())

        await asyncio.to_thread(send)
        return Answer(_view(record))

    async def _find(self, call: Call) -> tuple[IndexedDelivery, list[Place]]:
        """Give the delivery that the path names, and where records with its body may lie."""
        delivery_id = call.path["delivery_id"]

        def look(connection: IndexConnection) -> tuple[IndexedDelivery, list[Place]] | None:
            row = row_of(connection, delivery_id)
            found = search_deliveries(connection, DeliverySearch(delivery_id=delivery_id), limit=1).deliveries
            if row is None or not found:
                return None
            newest_first = reversed(read_steps(connection, row))
            holding = (one for one in newest_first if one.key.kind in {StepKind.BEGUN, StepKind.DEAD_LETTER})
            return found[0], [one.place for one in holding if one.place is not None][:_MAX_RECORDS]

        found = await self._parts.reader.ask(look)
        if found is None or not call.caller.sees(found[0].tenant):
            raise NotFoundError(
                f"there is no delivery '{delivery_id}' in the index",
                hint="it may be older than what is kept: then replay its event",
            )
        return found

    def _note(self, caller: Caller, action: str, delivery: Delivery, details: Mapping[str, object]) -> None:
        target = ActionTarget(delivery.subscription_id, delivery.tenant, details)
        self._parts.audit(caller, action, [target])


def _view(delivery: Delivery) -> SentView:
    return SentView(
        delivery_id=delivery.delivery_id,
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        subscription_id=delivery.subscription_id,
    )
