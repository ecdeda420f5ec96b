"""Signed webhook requests, for tests that send them over real HTTP."""

import time

import orjson

from gateway.domain.secret import parse_secret
from gateway.domain.signing import signature_headers
from gateway.domain.subscription import SignatureProfile

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def payload(event_id: str = "evt_1", **changes: object) -> bytes:
    """Give a body of the right shape, with changes."""
    body = {"id": event_id, "type": "order.created", "timestamp": "2026-01-02T03:04:05Z", "data": {"total": 1}}
    return orjson.dumps(body | changes)


def sign(body: bytes, event_id: str = "evt_1", *, secret: str = SECRET, age_s: int = 0) -> dict[str, str]:
    """Sign a body as of `age_s` seconds ago."""
    now_ms = time.time_ns() // 1_000_000 - age_s * 1000
    return signature_headers([SignatureProfile.STANDARD], [parse_secret(secret)], event_id, body, now_ms=now_ms)
