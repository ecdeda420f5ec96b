"""The security log: every kind of event is seen, a flood is counted, and neither memory nor lines grow with it."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.telemetry.security_log import (
    LINES_A_WINDOW,
    MAX_KEYS,
    OTHERS,
    SUBSCRIPTION_CHANGED,
    SUPPRESSED,
    SecurityEvent,
    SecurityLog,
    log_security,
)

REFUSED, INVALID = SecurityEvent.ADDRESS_REFUSED, SecurityEvent.SIGNATURE_INVALID
PAGE = Path(__file__).parents[2] / "docs" / "security.md"


class Written:
    """What was written, and a clock that stands still until it is set."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str, dict[str, object]]] = []
        self.now_s = 1000.0
        self.log = SecurityLog(self._write, clock=lambda: self.now_s)

    def _write(self, level: int, name: str, fields: dict[str, object]) -> None:
        self.lines.append((level, name, fields))

    def of(self, name: str) -> list[dict[str, object]]:
        """Give the fields of the lines of one name."""
        return [fields for _, written, fields in self.lines if written == name]


@pytest.fixture
def written() -> Written:
    """Give a log that is kept."""
    return Written()


def test_a_flood_of_one_key_is_five_lines_and_a_count(written: Written) -> None:
    """The count is told when the minute is over, with what it is of; then lines are written again."""
    for number in range(1000):
        written.log.note(REFUSED, "sub_1", number=number)
    assert [fields["number"] for fields in written.of(REFUSED.value)] == list(range(LINES_A_WINDOW))
    assert written.of(SUPPRESSED) == []
    written.now_s += 60
    written.log.note(REFUSED, "sub_1", number="next")
    assert written.of(SUPPRESSED) == [{"of": REFUSED.value, "key": "sub_1", "count": 1000 - LINES_A_WINDOW}]
    assert written.lines[-1][2] == {"number": "next"}


def test_keys_and_events_do_not_hide_each_other(written: Written) -> None:
    """The one refusal that matters is seen beside a flood of others."""
    for _ in range(100):
        written.log.note(REFUSED, "sub_1")
    written.log.note(REFUSED, "sub_2", subscription_id="sub_2")
    written.log.note(INVALID, "sub_1", reason="stale_timestamp")
    assert [fields for _, _, fields in written.lines[-2:]] == [
        {"subscription_id": "sub_2"},
        {"reason": "stale_timestamp"},
    ]


def test_keys_without_end_are_bounded(written: Written) -> None:
    """An attacker who makes up a new key each time gets no more lines, and no more memory, than a thousand keys do."""
    for number in range(10 * MAX_KEYS):
        written.log.note(INVALID, f"203.0.113.{number}")
    assert len(written.lines) == MAX_KEYS + LINES_A_WINDOW
    assert len(written.log._windows) == len(written.log._by_age) == MAX_KEYS + 1
    written.log.flush(everything=True)
    assert written.of(SUPPRESSED) == [
        {"of": INVALID.value, "key": OTHERS, "count": 9 * MAX_KEYS - LINES_A_WINDOW},
    ]
    assert not written.log._windows
    assert not written.log._by_age


def test_what_is_over_is_forgotten(written: Written) -> None:
    """Keys that are quiet for a minute cost nothing."""
    for number in range(MAX_KEYS):
        written.log.note(INVALID, str(number))
    written.now_s += 60
    written.log.note(INVALID, "another")
    assert len(written.log._windows) == 1
    assert written.of(SUPPRESSED) == []


def test_the_count_comes_by_itself() -> None:
    """Also if nothing else happens: a timer tells it."""
    told = threading.Event()

    def write(_: int, name: str, __: dict[str, object]) -> None:
        if name == SUPPRESSED:
            told.set()

    log = SecurityLog(write, window_s=0.05)
    for _ in range(LINES_A_WINDOW + 1):
        log.note(REFUSED, "sub_1")
    assert told.wait(10)


def test_the_count_is_told_before_the_process_ends() -> None:
    """A process that stops within the minute has told all it has seen."""
    program = (
        "from gateway.telemetry.security_log import SecurityEvent, log_security\n"
        "for _ in range(12): log_security(SecurityEvent.ADDRESS_REFUSED, 'sub_1', host='internal.example')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    lines = ended.stdout.splitlines()
    assert len(lines) == LINES_A_WINDOW + 1
    assert SUPPRESSED in lines[-1]
    assert "7" in lines[-1]


def test_threads_lose_no_count(written: Written) -> None:
    """The event loop, writers in threads and the timer meet here."""

    def flood() -> None:
        for _ in range(2_000):
            written.log.note(REFUSED, "sub_1")

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written.log.flush(everything=True)
    assert len(written.of(REFUSED.value)) == LINES_A_WINDOW
    assert written.of(SUPPRESSED)[0]["count"] == 8_000 - LINES_A_WINDOW


def test_what_does_not_open_is_an_error_and_the_rest_are_warnings() -> None:
    """What an operator has to act on is louder than what was refused as it should be."""
    with capture_logs() as lines:
        for event in SecurityEvent:
            log_security(event, "test_security_log", detail=1)
    levels = {line["event"]: line["log_level"] for line in lines}
    loud = {levels.pop(event.value) for event in (SecurityEvent.KEY_MISSING, SecurityEvent.SEAL_BROKEN)}
    assert loud == {"error"}
    assert set(levels.values()) == {"warning"}


def test_the_page_tells_every_event() -> None:
    """An operator looks a line up in docs/security.md."""
    page = PAGE.read_text()
    for name in (*(event.value for event in SecurityEvent), SUBSCRIPTION_CHANGED, SUPPRESSED):
        assert f"| `{name}` |" in page
