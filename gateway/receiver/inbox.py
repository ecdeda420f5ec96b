"""One inbox of the test receiver: judges a request by its secrets and its fail mode, and counts it. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random
from typing import Any

import orjson

from gateway.domain.content_headers import CLOUDEVENTS_PREFIX, EVENT_TYPE_HEADER
from gateway.domain.event import MAX_EVENT_ID_CHARS
from gateway.domain.signing import ID_HEADER, X_ID_HEADER
from gateway.receiver.errors import WebhookVerificationError
from gateway.receiver.fail_modes import FailMode, PlannedAnswer
from gateway.receiver.received import InboxCounts, excerpt
from gateway.receiver.verification import WebhookVerifier

MAX_TYPE_CHARS = 256


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a request is, and what it is to be answered.

    Attributes:
        webhook_id: from the headers, or the body's id, or None.
        event_type: from the headers of its content mode, or the body's type, or None.
        verified: whether the signature fits, or None where it was not checked.
        reason: why it does not, or None.
        answer: the answer.
    """

    webhook_id: str | None
    event_type: str | None
    verified: bool | None
    reason: str | None
    answer: PlannedAnswer


@dataclass(slots=True)
class Inbox:
    """An inbox.

    Attributes:
        name: the last part of its URL.
        mode: how it fails.
        verifier: checks signatures; None: they are not checked.
        counts: what it has received.
    """

    name: str
    mode: FailMode
    verifier: WebhookVerifier | None
    counts: InboxCounts = field(default_factory=InboxCounts)

    def judge(self, headers: Mapping[str, str], body: bytes, rng: Random) -> Judgement:
        """Judge one request. `headers` looks names up in any case.

        A planned failure wins over the signature's verdict; a planned success with a bad signature is answered 401.
        """
        verified, reason = self._verify(headers, body)
        answer = self.mode.draw(rng)
        if verified is False and answer.status == HTTPStatus.OK:
            answer = PlannedAnswer(HTTPStatus.UNAUTHORIZED, answer.delay_s)
        payload = _parse(body)
        webhook_id = headers.get(ID_HEADER) or headers.get(X_ID_HEADER) or payload.get("id")
        return Judgement(
            webhook_id=_text(webhook_id, MAX_EVENT_ID_CHARS),
            event_type=_text(_type_in_headers(headers) or payload.get("type"), MAX_TYPE_CHARS),
            verified=verified,
            reason=reason,
            answer=answer,
        )

    def _verify(self, headers: Mapping[str, str], body: bytes) -> tuple[bool | None, str | None]:
        if self.verifier is None:
            return None, None
        try:
            self.verifier.verify(headers, body)
        except WebhookVerificationError as error:
            return False, error.reason
        return True, None


def _type_in_headers(headers: Mapping[str, str]) -> str | None:
    """Look where the content modes say it whose body is the data alone."""
    return headers.get(f"{CLOUDEVENTS_PREFIX}type") or headers.get(EVENT_TYPE_HEADER)


def _parse(body: bytes) -> dict[str, Any]:
    """Read the body as far as it is an object: the test receiver takes any body, whatever its content mode."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return payload if isinstance(payload, dict) else {}


def _text(value: object, max_chars: int) -> str | None:
    return excerpt(value, max_chars) if isinstance(value, str) else None
