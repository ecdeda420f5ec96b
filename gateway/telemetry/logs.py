"""Structured logs on standard error: JSON lines for machines, or coloured lines for a person."""

import logging
import sys
import time

import structlog

_REPEAT_AFTER_S = 10.0
_MAX_REMEMBERED = 100
_CHATTY = ("librdkafka", "aiokafka")


class RepeatFilter(logging.Filter):
    """Lets a line of a Kafka client through once in ten seconds: while Kafka is away, each complains all the time.

    Lines count as the same when they begin with the same words, up to the first bracket.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line is to be written."""
        if not record.name.startswith(_CHATTY):
            return True
        start = record.getMessage().partition("[")[0]
        now = time.monotonic()
        if now - self._last.get(start, -_REPEAT_AFTER_S) < _REPEAT_AFTER_S:
            return False
        if len(self._last) >= _MAX_REMEMBERED:
            self._last.clear()
        self._last[start] = now
        return True


def configure_logs(level: str, style: str) -> None:
    """Set up structlog and route the standard library's warnings (Faust, aiokafka, aiohttp) through it.

    Args:
        level: least level that is written: debug, info, warning, error.
        style: `json` or `console`.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor
    if style == "json":
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.addFilter(RepeatFilter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(threshold, logging.WARNING))
