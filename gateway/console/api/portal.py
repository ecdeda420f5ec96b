"""The portal over HTTP: its links are made, listed and revoked here, and exchanged for sessions.

A session is not a cookie: the portal is shown in frames on other sites, where browsers keep none. Its token is sent
as `Authorization: Bearer …`.
"""

import asyncio
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gateway.admin.portal_links import DEFAULT_MS, SHORTEST_MS, PortalLinks, good_links, known_link_view, link_view
from gateway.console.access.caller import BadCredentialsError, Caller, require_seen
from gateway.console.api.models import Query, Text
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.domain.access import Role
from gateway.domain.errors import InvalidInputError
from gateway.domain.portal import LINK_ID, LONGEST_MS, MAX_TOKEN_CHARS
from gateway.kafka.audit_log import audit_kind
from gateway.kafka.record_log import RecordLog

# Each reads the audit trail with a client of its own.
_LISTED_AT_ONCE = 2


class NewLinkBody(BaseModel):
    """A link to be made."""

    model_config = ConfigDict(extra="forbid")

    tenant: Annotated[Text, Field(description="whose portal; left out: the caller's own")] | None = None
    subscription_id: (
        Annotated[Text, Field(description="with which one the portal opens; it shows the tenant's others, too")] | None
    ) = None
    expires_s: Annotated[
        int, Field(ge=SHORTEST_MS // 1000, le=LONGEST_MS // 1000, description="for how long it is good, seconds")
    ] = DEFAULT_MS // 1000


class LinkView(BaseModel):
    """A link. Whoever has its URL is let in: it is shown this once."""

    url: str
    link_id: str
    tenant: str
    subscription_id: str | None
    expires_at_ms: int


class LinksQuery(Query):
    """Which links."""

    tenant: Annotated[Text, Field(description="whose; left out: those of all that the caller sees")] | None = None


class KnownLinkView(BaseModel):
    """A link that is good, without its URL."""

    link_id: str
    tenant: str
    subscription_id: str | None = Field(description="with which one the portal opens; null for the list")
    made_at_ms: int
    made_by: str
    expires_at_ms: int


class KnownLinksView(BaseModel):
    """Links that are good, the newest first."""

    items: list[KnownLinkView]
    omitted: int = Field(description="how many older ones there are")


class RevokedLinksBody(BaseModel):
    """Which links are revoked, with the sessions that they opened."""

    model_config = ConfigDict(extra="forbid")

    tenant: Annotated[Text, Field(description="whose; left out: the caller's own")] | None = None
    link_id: (
        Annotated[
            str, Field(pattern=f"^{LINK_ID.pattern}$", description="which one; left out: all that were made until now")
        ]
        | None
    ) = None


class LinkTokenBody(BaseModel):
    """What is in the fragment of a link."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[SecretStr, Field(max_length=MAX_TOKEN_CHARS, description="gwl_…")]


class PortalSessionView(BaseModel):
    """A session of the portal."""

    token: str = Field(description="for the header Authorization, as Bearer")
    tenant: str
    subscription_id: str | None = Field(description="with which one to open; null for the list")
    expires_at_ms: int


class PortalApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._entrance = parts.entrance
        self._room = asyncio.Semaphore(_LISTED_AT_ONCE)

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "POST", "/portal-links", "makePortalLink", "Make a link to the portal of a tenant.", "portal",
                Role.OPERATOR, self._make, LinkView, body=NewLinkBody, status=201, repeats=True, scope=Scope.TENANT,
            ),
            Route(
                "GET", "/portal-links", "listPortalLinks", "List the links that are good, the newest first.", "portal",
                Role.OPERATOR, self._list, KnownLinksView, query=LinksQuery, scope=Scope.TENANT,
            ),
            Route(
                "POST", "/portal-links/revoke", "revokePortalLinks",
                "Revoke a link, or all links of a tenant, with the sessions that they opened.", "portal",
                Role.OPERATOR, self._revoke, body=RevokedLinksBody, status=204, scope=Scope.TENANT,
            ),
            Route(
                "POST", "/portal/session", "openPortal", "Exchange the token of a link for that of a session.",
                "portal", Role.ANONYMOUS, self._open, PortalSessionView, body=LinkTokenBody, status=201,
                scope=Scope.SHARED,
            ),
        ]  # fmt: skip

    async def _make(self, call: Call) -> Answer:
        body: NewLinkBody = call.body
        tenant = _tenant(call.caller, body.tenant)
        if body.subscription_id is not None:
            owner = Caller(call.caller.name, call.caller.role, tenant)
            require_seen(self._parts.table.index, body.subscription_id, owner)
        link = await asyncio.to_thread(
            self._links(call.caller).make, self._entrance.url(), tenant, body.subscription_id, body.expires_s * 1000
        )
        return Answer(LinkView.model_validate(link_view(link)))

    async def _list(self, call: Call) -> Answer:
        query: LinksQuery = call.query
        parts, tenant = self._parts, call.caller.tenant_for(query.tenant)
        trail = RecordLog(parts.config, audit_kind())
        async with self._room:
            found = await asyncio.to_thread(good_links, trail, tenant, parts.credentials.get, parts.clock())
        items = [KnownLinkView.model_validate(known_link_view(link)) for link in found.links]
        return Answer(KnownLinksView(items=items, omitted=found.omitted))

    async def _revoke(self, call: Call) -> Answer:
        body: RevokedLinksBody = call.body
        tenant = _tenant(call.caller, body.tenant)
        links, by = self._links(call.caller), call.caller.name
        await asyncio.to_thread(links.revoke, self._parts.credentials, tenant, body.link_id, by)
        return Answer()

    def _links(self, caller: Caller) -> PortalLinks:
        parts = self._parts
        return PortalLinks(
            self._entrance.link_keys, lambda action, targets: parts.audit(caller, action, targets), parts.clock
        )

    async def _open(self, call: Call) -> Answer:
        body: LinkTokenBody = call.body
        opened = await asyncio.to_thread(self._entrance.portal.open, body.token.get_secret_value())
        if opened is None:
            raise BadCredentialsError(
                "this link is not good: it has expired, was revoked, or is none", hint="ask for another one"
            )
        token, grant = opened
        return Answer(
            PortalSessionView(
                token=token,
                tenant=grant.tenant,
                subscription_id=grant.subscription_id,
                expires_at_ms=grant.expires_at_ms,
            )
        )


def _tenant(caller: Caller, asked: str | None) -> str:
    tenant = caller.tenant_for(asked)
    if tenant is None:
        raise InvalidInputError("whose portal it is has to be said", hint="give the tenant")
    return tenant
