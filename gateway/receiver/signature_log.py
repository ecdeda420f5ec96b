"""Logs requests that do not verify, as `security.signature_invalid`, bounded (`gateway.telemetry.security_log`).

By the standard library, not by the gateway's own set-up: where its log goes is for the receiver's program to decide.
"""

import atexit
import logging

from gateway.telemetry.security_log import SecurityEvent, SecurityLog

_log = logging.getLogger(__name__)


def _write(level: int, name: str, fields: dict[str, object]) -> None:
    _log.log(level, "%s %s", name, " ".join(f"{field}={value}" for field, value in fields.items()))


_security_log = SecurityLog(_write)
atexit.register(_security_log.flush, everything=True)


def note_unverified(sender: str | None, reason: str) -> None:
    """Write a line on a request that does not verify. What the request itself says has no place in it.

    Args:
        sender: the address of the peer, or None where that is not known.
        reason: the `reason` of its `WebhookVerificationError`.
    """
    _security_log.note(SecurityEvent.SIGNATURE_INVALID, sender or "unknown", sender=sender, reason=reason)
