"""API tokens over HTTP, by the same functions as `gateway tokens`."""

import asyncio
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.admin.api_tokens import (
    DEFAULT_MS,
    LONGEST_MS,
    SHORTEST_MS,
    ApiTokens,
    WantedToken,
    list_tokens,
    token_view,
)
from gateway.console.access.caller import Caller
from gateway.console.api.models import Text
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route
from gateway.domain.access import Role
from gateway.domain.credentials import Credential

_TAG = "access"


class NewToken(BaseModel):
    """A token to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Text, Field(description="what it is called in the audit trail")]
    role: Annotated[Literal["viewer", "operator", "admin"], Field(description="what it allows")]
    tenant: Annotated[Text, Field(description="only this tenant's things; left out: those of all")] | None = None
    lasting_ms: Annotated[int, Field(ge=SHORTEST_MS, le=LONGEST_MS, description="for how long it is good")] = DEFAULT_MS


class TokenView(BaseModel):
    """A token, without its secret."""

    token_id: str
    name: str
    role: Role
    tenant: str | None = Field(description="whose things it opens; null for everybody's")
    created_at_ms: int
    created_by: str
    expires_at_ms: int
    has_expired: bool


class TokensView(BaseModel):
    """The tokens, by their names."""

    items: list[TokenView]


class IssuedTokenView(BaseModel):
    """A token as it is given out."""

    token: TokenView
    value: str = Field(description="what is sent as bearer token; it is shown this once")


class TokensApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("GET", "/tokens", "listTokens", "List the API tokens.", _TAG, Role.ADMIN, self._list, TokensView),
            Route(
                "POST", "/tokens", "createToken", "Make an API token; it is shown once.", _TAG,
                Role.ADMIN, self._create, IssuedTokenView, body=NewToken, status=201, repeats=True,
            ),
            Route(
                "DELETE", "/tokens/{token_id}", "revokeToken", "End an API token, and the sessions begun with it.",
                _TAG, Role.ADMIN, self._revoke, status=204, repeats=True,
            ),
        ]  # fmt: skip

    async def _list(self, _: Call) -> Answer:
        return Answer(TokensView(items=[self._view(token) for token in list_tokens(self._parts.credentials)]))

    async def _create(self, call: Call) -> Answer:
        body: NewToken = call.body
        wanted = WantedToken(body.name, Role(body.role), body.tenant, body.lasting_ms)
        shown, token = await asyncio.to_thread(self._tokens(call.caller).create, wanted, call.caller.name)
        return Answer(IssuedTokenView(token=self._view(token), value=shown.text))

    async def _revoke(self, call: Call) -> Answer:
        await asyncio.to_thread(self._tokens(call.caller).revoke, call.path["token_id"])
        return Answer()

    def _tokens(self, caller: Caller) -> ApiTokens:
        parts = self._parts
        return ApiTokens(parts.credentials, lambda action, targets: parts.audit(caller, action, targets), parts.clock)

    def _view(self, token: Credential) -> TokenView:
        return TokenView.model_validate(token_view(token, self._parts.clock()))
