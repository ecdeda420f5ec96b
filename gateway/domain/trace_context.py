"""The trace that an event belongs to: W3C Trace Context's `traceparent`, read as the recommendation wants it.

One that can't be read is ignored, never an error (section 3.2.2.3): whoever traces must not harm what is traced.
"""

import re

TRACEPARENT_HEADER = "traceparent"

_VERSION = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")
# A version to come begins with the same fields and may go on; ff is forbidden for good (section 3.2.2.1).
_LATER_VERSION = re.compile(
    r"(?!ff)[0-9a-f]{2}(-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-)([0-9a-f]{2})(?:-.*)?\Z", re.DOTALL
)
_SAMPLED = 0x01


def read_traceparent(text: str) -> str | None:
    """Give a trace context in version 00: as it stands, or what is known of it where it is of a later version.

    Args:
        text: the value of a `traceparent` header.

    Returns:
        55 characters, or None where it is malformed.
    """
    if _VERSION.match(text) is not None:
        return text
    later = None if text.startswith("00") else _LATER_VERSION.match(text)
    if later is None:
        return None
    # Of flags that a later version may have, only this one has its meaning for sure.
    return f"00{later[1]}{int(later[2], 16) & _SAMPLED:02x}"


def traceparent_of(trace_id: int, span_id: int, flags: int) -> str:
    """Write a trace context in version 00.

    Args:
        trace_id: 128 bits, not zero.
        span_id: 64 bits, not zero.
        flags: 8 bits.
    """
    return f"00-{trace_id:032x}-{span_id:016x}-{flags:02x}"


def ids_of(traceparent: str) -> tuple[int, int, int]:
    """Give the trace's id, the span's, and the flags of a well-formed trace context: what `traceparent_of` takes."""
    _, trace_id, span_id, flags = traceparent.split("-")
    return int(trace_id, 16), int(span_id, 16), int(flags, 16)


def trace_id_of(traceparent: str) -> str:
    """Give the trace's id of a well-formed trace context: 32 hexadecimal digits."""
    return traceparent[3:35]
