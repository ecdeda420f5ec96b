"""The event catalog over HTTP: types, versions and schemas."""

from typing import Any

from pydantic import BaseModel, Field

from gateway.console.access.caller import Caller
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.domain.access import Role
from gateway.domain.errors import NotFoundError
from gateway.shaping.sensitive import sensitive_fields
from gateway.wire.catalog import Catalog
from gateway.wire.single_object import fingerprint_of

_MAX_VERSION_DIGITS = 6


class EventTypeView(BaseModel):
    """An event type."""

    event_type: str
    versions: list[int]
    record: str = Field(description="full name of the newest version's record")
    about: str | None
    sensitive_fields: list[str] = Field(description="only subscriptions that were granted them get them")


class EventTypesView(BaseModel):
    """All event types, in alphabetical order."""

    items: list[EventTypeView]


class EventSchemaView(BaseModel):
    """One version of an event type."""

    event_type: str
    version: int
    fingerprint: str = Field(description="CRC-64-AVRO, as it stands in single-object encoding")
    avro: Any = Field(description="the Avro schema")


class CatalogApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "GET", "/event-types", "listEventTypes", "List the event types.", "catalog",
                Role.SUBSCRIBER, self._list, EventTypesView, scope=Scope.SHARED,
            ),
            Route(
                "GET", "/event-types/{event_type}", "getEventType", "Show an event type.", "catalog",
                Role.SUBSCRIBER, self._get, EventTypeView, scope=Scope.SHARED,
            ),
            Route(
                "GET", "/event-types/{event_type}/versions/{version}", "getEventSchema",
                "Show the schema of one version.", "catalog", Role.SUBSCRIBER, self._schema, EventSchemaView,
                scope=Scope.SHARED,
            ),
        ]  # fmt: skip

    async def _list(self, call: Call) -> Answer:
        catalog = catalog_for(self._parts, call.caller)
        return Answer(EventTypesView(items=[_view(catalog, each) for each in catalog.event_types()]))

    async def _get(self, call: Call) -> Answer:
        return Answer(_view(catalog_for(self._parts, call.caller), call.path["event_type"]))

    async def _schema(self, call: Call) -> Answer:
        entry = catalog_for(self._parts, call.caller).entry(call.path["event_type"], version_of(call.path["version"]))
        return Answer(
            EventSchemaView(
                event_type=entry.event_type,
                version=entry.version,
                fingerprint=fingerprint_of(entry.source).hex(),
                avro=entry.source,
            )
        )


def catalog_for(parts: Parts, caller: Caller) -> Catalog:
    """Give the event types that a caller sees: for subscribers, those that a subscription of theirs gets."""
    if caller.role is not Role.SUBSCRIBER or caller.tenant is None:
        return parts.catalog
    matching, catalog = parts.table.index, parts.catalog
    seen = [event_type for event_type in catalog.event_types() if matching.match_event(caller.tenant, event_type)]
    return Catalog(catalog.entry(each, version) for each in seen for version in catalog.versions(each))


def version_of(text: str) -> int:
    """Read a version in a path.

    Raises:
        NotFoundError: it is none.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_VERSION_DIGITS):
        raise NotFoundError("a version is a number")
    return int(text)


def _view(catalog: Catalog, event_type: str) -> EventTypeView:
    entry = catalog.entry(event_type)
    return EventTypeView(
        event_type=event_type,
        versions=list(catalog.versions(event_type)),
        record=entry.record_name,
        about=entry.source.get("doc"),
        sensitive_fields=list(sensitive_fields(catalog, event_type).paths),
    )
