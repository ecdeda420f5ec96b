"""The audit trail over HTTP: who changed what, read from its topic."""

import asyncio
from typing import Annotated

import orjson
from pydantic import BaseModel, Field, JsonValue

from gateway.admin.audit_trail import changed_fields
from gateway.console.access.caller import Caller
from gateway.console.api.models import Query, Text
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.domain.access import Role
from gateway.domain.audit import AuditRecord
from gateway.kafka.audit_log import AuditFilter, audit_kind
from gateway.kafka.record_log import Found, RecordLog

MAX_ENTRIES = 200
MAX_DAYS = 90
_DAY_MS = 86_400_000
# Each reads the topic with a client of its own.
_AT_ONCE = 2


class AuditQuery(Query):
    """Which entries; what is left out is left open."""

    subscription_id: Text | None = None
    actor: Text | None = None
    days: Annotated[int, Field(ge=1, le=MAX_DAYS, description="how far back")] = 30
    limit: Annotated[int, Field(ge=1, le=MAX_ENTRIES, description="how many at most")] = 50


class DifferenceView(BaseModel):
    """A field that was changed. Both sides are alike where only what is not shown was."""

    field: str
    before: JsonValue
    after: JsonValue


class AuditEntryView(BaseModel):
    """One entry; what does not apply is null."""

    at_ms: int
    actor: str
    action: str
    command: str | None
    subscription_id: str | None
    tenant: str | None
    revision: int | None
    differences: list[DifferenceView]
    details: JsonValue


class AuditEntriesView(BaseModel):
    """Entries, newest first."""

    items: list[AuditEntryView]
    omitted: int = Field(description="how many older ones there are in these days")


class AuditingApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._room = asyncio.Semaphore(_AT_ONCE)

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "GET", "/audit", "listAudit", "List who changed what, newest first.", "audit",
                Role.VIEWER, self._list, AuditEntriesView, query=AuditQuery, scope=Scope.TENANT,
            ),
        ]  # fmt: skip

    async def _list(self, call: Call) -> Answer:
        query: AuditQuery = call.query
        async with self._room:
            found = await asyncio.to_thread(self._find, query, call.caller)
        return Answer(
            AuditEntriesView(items=[_view(record) for record in reversed(found.records)], omitted=found.omitted)
        )

    def _find(self, query: AuditQuery, caller: Caller) -> Found[AuditRecord]:
        wanted = AuditFilter(query.subscription_id, query.actor)

        def admits(record: AuditRecord) -> bool:
            # An entry of no tenant is of all of them.
            is_seen = caller.tenant is None if record.tenant is None else caller.sees(record.tenant)
            return is_seen and wanted.admits(record)

        since_ms = self._parts.clock() - query.days * _DAY_MS
        return RecordLog(self._parts.config, audit_kind()).find(admits, since_ms=since_ms, limit=query.limit)


def _view(record: AuditRecord) -> AuditEntryView:
    return AuditEntryView(
        at_ms=record.at_ms,
        actor=record.actor,
        action=record.action,
        command=record.command,
        subscription_id=record.subscription_id,
        tenant=record.tenant,
        revision=record.revision,
        differences=[
            DifferenceView(field=one.field, before=one.before, after=one.after) for one in changed_fields(record)
        ],
        details=_parsed(record.details),
    )


def _parsed(text: str | None) -> JsonValue:
    try:
        return None if text is None else orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
