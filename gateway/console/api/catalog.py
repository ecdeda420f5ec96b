"""The event catalog over HTTP: types, versions and schemas."""

from typing import Any

from pydantic import BaseModel, Field

from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.domain.access import Role
from gateway.domain.errors import NotFoundError
from gateway.shaping.sensitive import sensitive_fields
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
        self._catalog = parts.catalog

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "GET", "/event-types", "listEventTypes", "List the event types.", "catalog",
                Role.VIEWER, self._list, EventTypesView, scope=Scope.SHARED,
            ),
            Route(
                "GET", "/event-types/{event_type}", "getEventType", "Show an event type.", "catalog",
                Role.VIEWER, self._get, EventTypeView, scope=Scope.SHARED,
            ),
            Route(
                "GET", "/event-types/{event_type}/versions/{version}", "getEventSchema",
                "Show the schema of one version.", "catalog", Role.VIEWER, self._schema, EventSchemaView,
                scope=Scope.SHARED,
            ),
        ]  # fmt: skip

    async def _list(self, _: Call) -> Answer:
        return Answer(EventTypesView(items=[self._view(each) for each in self._catalog.event_types()]))

    async def _get(self, call: Call) -> Answer:
        return Answer(self._view(call.path["event_type"]))

    async def _schema(self, call: Call) -> Answer:
        entry = self._catalog.entry(call.path["event_type"], version_of(call.path["version"]))
        return Answer(
            EventSchemaView(
                event_type=entry.event_type,
                version=entry.version,
                fingerprint=fingerprint_of(entry.source).hex(),
                avro=entry.source,
            )
        )

    def _view(self, event_type: str) -> EventTypeView:
        entry = self._catalog.entry(event_type)
        return EventTypeView(
            event_type=event_type,
            versions=list(self._catalog.versions(event_type)),
            record=entry.record_name,
            about=entry.source.get("doc"),
            sensitive_fields=list(sensitive_fields(self._catalog, event_type).paths),
        )


def version_of(text: str) -> int:
    """Read a version in a path.

    Raises:
        NotFoundError: it is none.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_VERSION_DIGITS):
        raise NotFoundError("a version is a number")
    return int(text)
