"""Errors as problem details (RFC 9457): a status, a word for programs, a sentence and a hint for people."""

from http import HTTPStatus

import orjson
from aiohttp import web
from pydantic import BaseModel, Field

from gateway.console.access.caller import BadCredentialsError, ForbiddenError
from gateway.domain.changes import RevisionConflictError
from gateway.domain.errors import (
    ConflictError,
    GatewayError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)

CONTENT_TYPE = "application/problem+json"
_UNAVAILABLE_S = 2


class Problem(BaseModel):
    """A problem, as RFC 9457 has it."""

    type: str = Field(default="about:blank", description="always about:blank: `code` tells problems apart")
    title: str = Field(description="the status in words")
    status: int = Field(description="the HTTP status")
    code: str = Field(description="a word for programs that stays the same")
    detail: str = Field(description="what went wrong, for people")
    hint: str | None = Field(default=None, description="what to do about it")
    field: str | None = Field(default=None, description="the field that is wrong")


class ProblemError(Exception):
    """A request that is refused before anything is done.

    Attributes:
        problem: what is answered.
        retry_after_s: when it may be sent again, seconds; None where that makes no difference.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        hint: str | None = None,
        field: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s
        self.problem = Problem(title=status.phrase, status=status, code=code, detail=detail, hint=hint, field=field)


# The first that fits; the last one is every other error that people can act on.
_MEANINGS: tuple[tuple[type[GatewayError], HTTPStatus, str], ...] = (
    (BadCredentialsError, HTTPStatus.UNAUTHORIZED, "invalid_token"),
    (ForbiddenError, HTTPStatus.FORBIDDEN, "forbidden"),
    (InvalidInputError, HTTPStatus.BAD_REQUEST, "invalid_input"),
    (NotFoundError, HTTPStatus.NOT_FOUND, "not_found"),
    (RevisionConflictError, HTTPStatus.PRECONDITION_FAILED, "changed_meanwhile"),
    (ConflictError, HTTPStatus.CONFLICT, "conflict"),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"),
    (GatewayError, HTTPStatus.BAD_GATEWAY, "failed"),
)


def problem_of(error: GatewayError) -> Problem:
    """Give the problem that an error of the gateway is."""
    status, code = next((status, code) for kind, status, code in _MEANINGS if isinstance(error, kind))
    field = getattr(error, "field", None)
    return Problem(title=status.phrase, status=status, code=code, detail=error.message, hint=error.hint, field=field)


def respond(problem: Problem, retry_after_s: int | None = None) -> web.Response:
    """Answer a problem.

    Args:
        problem: what it is.
        retry_after_s: when it makes sense to ask again, seconds; None where that is not known.
    """
    body = orjson.dumps(problem.model_dump(exclude_none=True))
    response = web.Response(status=problem.status, body=body, content_type=CONTENT_TYPE)
    if retry_after_s is None and problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        retry_after_s = _UNAVAILABLE_S
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
