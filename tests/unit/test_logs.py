"""The Kafka clients' own lines don't drown the log while a broker is away."""

import logging

from gateway.telemetry.logs import RepeatFilter


def line(name: str, text: str) -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, __file__, 1, text, None, None)


def test_a_client_that_repeats_itself_is_heard_once() -> None:
    """The same complaint of another client of the process is a repeat too; another complaint is not."""
    repeats = RepeatFilter()
    assert repeats.filter(line("librdkafka", "FAIL [producer-1] connection refused"))
    assert not repeats.filter(line("librdkafka", "FAIL [consumer-2] connection refused"))
    assert repeats.filter(line("librdkafka", "GETPID [producer-1] coordinator load in progress"))


def test_our_own_lines_are_never_held_back() -> None:
    """A filter for others must not cost us a record of a delivery."""
    repeats = RepeatFilter()
    assert all(repeats.filter(line("gateway", "delivery.attempted")) for _ in range(3))
