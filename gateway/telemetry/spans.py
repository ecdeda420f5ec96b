"""What the parts know of tracing: spans that are begun and ended. Where nothing is exported, there are none.

Spans name ids, types, numbers and hosts; never a body, the value of a header, a secret, or an endpoint's URL.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Protocol

Attributes = Mapping[str, str | int]
"""By the names of OpenTelemetry's semantic conventions, and the gateway's own under `webhook_gateway.`."""


class SpanKind(Enum):
    """On which side of what is passed on a span stands, as OpenTelemetry has it."""

    CONSUMER = "consumer"
    CLIENT = "client"


class Span(Protocol):
    """A stretch of work that belongs to a trace."""

    @property
    def traceparent(self) -> str | None:
        """The trace context for what the work causes, in version 00; of a span that is not recorded it says so."""

    @property
    def is_recorded(self) -> bool:
        """Whether anybody gets to see it: attributes of others need not be put together."""

    def end(self, attributes: Attributes, error: str | None = None) -> None:
        """End it, once; one that is never ended is not exported.

        Args:
            attributes: what there is to tell.
            error: of which kind the error was that it ended with, in words that stay the same, or None.
        """


class Spans(Protocol):
    """Begins spans. Neither it nor they ever block or raise for what becomes of their export."""

    def begin(self, name: str, kind: SpanKind, parent: str | None) -> Span:
        """Begin a span.

        Args:
            name: one of a few.
            kind: where it stands.
            parent: the trace context of what caused it; None, or one that can't be read, begins a trace.
        """
