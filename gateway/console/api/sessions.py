"""Logging in and out over HTTP, and who is logged in. What a browser gets is a cookie that its scripts can't read."""

import asyncio
from typing import Annotated

from aiohttp import hdrs
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gateway.console.access.caller import BadCredentialsError, Caller
from gateway.console.access.sessions import csrf_token
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.domain.access import Role
from gateway.domain.credentials import Credential, CredentialKind, read_credential

MAX_TOKEN_CHARS = 256


class LogInBody(BaseModel):
    """With what somebody logs in."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[SecretStr, Field(max_length=MAX_TOKEN_CHARS, description="an API token, gwt_…")]


class CallerView(BaseModel):
    """Who asks."""

    name: str
    role: Role
    tenant: str | None = Field(description="whose things they see; null for everybody's")


class LogInsView(BaseModel):
    """How people can log in here."""

    token: bool = Field(description="with an API token, POST /api/v1/session")
    page: str | None = Field(description="at an identity provider: the page to go to; `?back=/path` says where to end")


class SessionView(BaseModel):
    """Who is logged in. Without credentials, `caller` is null."""

    caller: CallerView | None
    csrf_token: str | None = Field(
        description="for the header X-CSRF-Token, which each change with the cookie needs; null without a session"
    )
    expires_at_ms: int | None = Field(description="when the session ends at the latest; null without one")
    log_ins: LogInsView


class SessionsApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._entrance = parts.entrance
        self._credentials = parts.credentials
        self._clock = parts.clock

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "GET", "/session", "getSession", "Say who is logged in, and how people can log in.", "session",
                Role.ANONYMOUS, self._get, SessionView, scope=Scope.SHARED,
            ),
            Route(
                "POST", "/session", "logIn", "Log in with an API token: the answer sets a cookie.", "session",
                Role.ANONYMOUS, self._log_in, SessionView, body=LogInBody, status=201, scope=Scope.SHARED,
            ),
            Route(
                "DELETE", "/session", "logOut", "Log out: the session is over everywhere.", "session",
                Role.SUBSCRIBER, self._log_out, status=204, scope=Scope.SHARED,
            ),
        ]  # fmt: skip

    async def _get(self, call: Call) -> Answer:
        return Answer(self._view(call.caller, self._session_of(call.caller)))

    async def _log_in(self, call: Call) -> Answer:
        body: LogInBody = call.body
        shown = read_credential(body.token.get_secret_value())
        token = None if shown is None else self._credentials.find(shown, self._clock())
        if token is None or token.kind is not CredentialKind.TOKEN:
            raise BadCredentialsError(
                "this is no API token that is good here", hint="it may have expired, or was revoked"
            )
        made, session = await asyncio.to_thread(
            self._entrance.sessions.begin,
            token.actor,
            token.role,
            token.tenant,
            made_with=token.credential_id,
            until_ms=token.expires_at_ms,
        )
        caller = Caller(session.actor, session.role, session.tenant, session.credential_id)
        lasting_s = (session.expires_at_ms - session.created_at_ms) // 1000
        cookies = self._entrance.cookies
        cookie = cookies.made(cookies.session, made.text, lasting_s)
        return Answer(self._view(caller, session), headers=((hdrs.SET_COOKIE, cookie),))

    async def _log_out(self, call: Call) -> Answer:
        session = self._session_of(call.caller)
        if session is not None:
            await asyncio.to_thread(self._entrance.sessions.end, session.credential_id)
        cookies = self._entrance.cookies
        return Answer(headers=((hdrs.SET_COOKIE, cookies.taken(cookies.session)),))

    def _session_of(self, caller: Caller) -> Credential | None:
        found = None if caller.credential_id is None else self._credentials.get(caller.credential_id)
        return found if found is not None and found.kind is CredentialKind.SESSION else None

    def _view(self, caller: Caller, session: Credential | None) -> SessionView:
        known = caller.role is not Role.ANONYMOUS
        return SessionView(
            caller=CallerView(name=caller.name, role=caller.role, tenant=caller.tenant) if known else None,
            csrf_token=None if session is None else csrf_token(session),
            expires_at_ms=None if session is None else session.expires_at_ms,
            log_ins=LogInsView(token=True, page=self._entrance.log_in_page),
        )
