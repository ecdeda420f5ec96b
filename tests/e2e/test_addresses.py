"""Where deliveries may go, by the installed program: told by `check-url`, and held at each delivery."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.kafka.publisher import EventPublisher
from tests.e2e.events import publish_payments
from tests.e2e.receiving import Receiver
from tests.e2e.running import PROGRAM, GatewayHome
from tests.e2e.topic_contents import attempts
from tests.url_cases import url_cases

_STRICT = {"GATEWAY_ALLOW_INSECURE_ENDPOINTS": "false"}
_INSECURE = {"GATEWAY_ALLOW_INSECURE_ENDPOINTS": "true"}


def check_url(
    *arguments: str, settings: Mapping[str, str] | None = None, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return subprocess.run(
        [PROGRAM, "check-url", *arguments],
        input=stdin,
        env={**environment, **(settings or {})},
        capture_output=True,
        timeout=100,
        check=False,
    )


def verdicts(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_url_has_its_verdict() -> None:
    """A line for each, with the reason; exit code 1 when one is refused."""
    done = check_url("https://example.com/hooks", "https://127.0.0.1/", "https://exam\tple.com/")
    assert done.returncode == 1
    assert done.stdout.decode().splitlines() == [
        "allowed  https://example.com/hooks",
        "refused  https://127.0.0.1/  (the address 127.0.0.1 is not public: loopback (RFC 1122))",
        "refused  https://exam\\tple.com/  (the URL has white space, control or invisible characters)",
    ]
    assert check_url("https://example.com/hooks").returncode == 0


def test_the_whole_table_from_a_file(tmp_path: Path) -> None:
    """As the rules have it, in order, with blank lines and the line ends of another system."""
    # A line can't hold every URL of the table, nor UTF-8 every text.
    cases = [case for case in url_cases() if not set(case.url) & {"\n", "\r", "\ud800"}]
    file = tmp_path / "urls.txt"
    file.write_bytes("\r\n\r\n \r\n".join(case.url for case in cases).encode())
    done = check_url("--file", str(file), "--json")
    assert done.returncode == 1
    found = verdicts(done)
    assert [(verdict["url"], verdict["allowed"]) for verdict in found] == [(case.url, case.allowed) for case in cases]
    assert all((verdict["reason"] is None) == verdict["allowed"] for verdict in found)
    assert {frozenset(verdict) for verdict in found} == {frozenset({"url", "allowed", "reason"})}


def test_many_urls_and_any_bytes_from_standard_input() -> None:
    """Ten thousand lines, lines without an end, and bytes that are no text."""
    many = b"https://hooks.example.com/in\n" * 10_000
    odd = [b"\xff\xfe\x00", b"https://exam\xffple.com/", b"https://example.com/" + b"x" * 200_000, b"\x1b[2J", b"last"]
    done = check_url("--file", "-", "--json", stdin=many + b"\n".join(odd))
    assert done.returncode == 1, done.stderr
    found = verdicts(done)
    assert [verdict["allowed"] for verdict in found] == [True] * 10_000 + [False] * len(odd)
    assert b"\x1b" not in check_url("--file", "-", stdin=b"\x1b[2J\n").stdout


def test_arguments_that_are_no_text() -> None:
    """Are refused before anything is done, as by every command."""
    command = [PROGRAM.encode(), b"check-url", b"--json", b"https://exam\xffple.com/"]
    done = subprocess.run(command, capture_output=True, timeout=100, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"UTF-8" in done.stderr
    assert b"Traceback" not in done.stderr


def test_the_settings_hold() -> None:
    """The operator's networks and ports, as for subscriptions."""
    urls = ("https://10.20.0.1/", "https://10.20.9.1/", "https://example.com:8443/", "https://8.8.8.8/")
    settings = {
        "GATEWAY_ALLOW_NETWORKS": "10.20.0.0/16",
        "GATEWAY_DENY_NETWORKS": "10.20.9.0/24,8.8.8.0/24",
        "GATEWAY_ENDPOINT_PORTS": "443",
    }
    done = check_url("--json", *urls, settings=settings)
    assert [verdict["allowed"] for verdict in verdicts(done)] == [True, False, False, False]
    development = check_url("http://localhost:80/", "https://10.20.9.1/", "--json", settings={**settings, **_INSECURE})
    assert [verdict["allowed"] for verdict in verdicts(development)] == [True, False]


@pytest.mark.parametrize(
    ("arguments", "settings", "says"),
    [
        ((), {}, b"give URLs"),
        (("--file", "/nonexistent"), {}, b"No such file"),
        (("https://example.com/",), {"GATEWAY_ALLOW_NETWORKS": "10.0.0.1/8"}, b"did you mean 10.0.0.0/8?"),
        (("https://example.com/",), {"GATEWAY_DENY_NETWORKS": "home"}, b"GATEWAY_DENY_NETWORKS: 'home' is not"),
        (("https://example.com/",), {"GATEWAY_ENDPOINT_PORTS": "0"}, b"GATEWAY_ENDPOINT_PORTS: '0' is no port"),
    ],
)
def test_what_is_wrong_with_the_call(arguments: tuple[str, ...], settings: dict[str, str], says: bytes) -> None:
    """Exit code 2, and nothing on standard output."""
    done = check_url(*arguments, settings=settings)
    assert (done.returncode, done.stdout) == (2, b"")
    assert says in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.timeout(240, func_only=True)
async def test_a_refused_address_is_a_dead_letter_at_once(
    programs: GatewayHome, receiver: Receiver, publisher: EventPublisher
) -> None:
    """Written where loopback was allowed, sent where it is not: one attempt, no connection, no retry."""
    name = await receiver.subscribe("--retry-policy", "1s,1s")
    for program in [programs.start("stream"), programs.start("egress", **_STRICT)]:
        program.await_ready()
    (event,) = await publish_payments(publisher, name, 1)
    (letter,) = await receiver.until_dead(name)
    assert (letter.event_id, letter.reason, len(letter.attempts)) == (event, "address_refused", 1)
    (attempt,) = attempts(programs.kafka, name)
    assert attempt.error_detail == "the address is not one that deliveries may go to"
    assert receiver.requests(name) == []
