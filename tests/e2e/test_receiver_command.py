"""`gateway receiver` as an installed program."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.domain.secret import parse_secret
from tests.http.signed_requests import SECRET, payload, sign

GATEWAY = str(Path(sys.executable).with_name("gateway"))

# On a busy machine, too; a held request would hold it for ever.
ENDS_WITHIN_S = 30.0

Receiver = subprocess.Popen[str]
Start = Callable[..., tuple[Receiver, str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start receivers on free ports; each gives its process and its URL."""
    started: list[Receiver] = []

    def run(*options: str, stdin: str | None = None) -> tuple[Receiver, str]:
        receiver = subprocess.Popen(
            [GATEWAY, "receiver", "--port", "0", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(receiver)
        assert receiver.stdin is not None
        receiver.stdin.write(stdin or "")
        receiver.stdin.close()
        line = read_line(receiver)
        url = json.loads(line)["url"] if "--json" in options else line.split()[1]
        return receiver, url

    yield run
    for receiver in started:
        receiver.kill()
        receiver.wait()
        for stream in (receiver.stdout, receiver.stderr):
            assert stream is not None
            stream.close()


def read_line(receiver: Receiver) -> str:
    """Read the receiver's next line."""
    assert receiver.stdout is not None
    return receiver.stdout.readline()


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Send a webhook; give the status."""
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - loopback - a loopback URL of our own
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - loopback
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return subprocess.run([GATEWAY, *arguments], capture_output=True, text=True, timeout=50, check=False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_shows_what_it_gets_and_stops_cleanly(start: Start, number: signal.Signals) -> None:
    """One line per request tells the verdict, whoever watches is told of a forged one, and a signal ends it at once."""
    receiver, url = start("--secret", SECRET)
    assert post(f"{url}/shop", payload(), sign(payload())) == 200
    line = read_line(receiver)
    for part in ("shop", "order.created", "evt_1", "verified", "200"):
        assert part in line
    assert post(url, payload(), {}) == 401
    assert "not verified: missing_header" in read_line(receiver)
    receiver.send_signal(number)
    assert receiver.wait(ENDS_WITHIN_S) == 0
    assert receiver.stderr is not None
    assert receiver.stderr.read() == "security.signature_invalid sender=127.0.0.1 reason=missing_header\n"


def test_json_lines(start: Start) -> None:
    """With --json every line is an object, from the ready line on; the secret may come by input."""
    receiver, url = start("--json", "--secret-file", "-", "--fail", "429", stdin=f"{SECRET}\n")
    assert post(url, payload(), sign(payload())) == 429
    received = json.loads(read_line(receiver))
    assert (received["verified"], received["answer"], received["webhook_id"]) == (True, 429, "evt_1")


def test_a_held_request_does_not_hold_up_the_stop(start: Start) -> None:
    """With a request held, a signal still ends the process at once."""
    receiver, url = start("--json", "--fail", "timeout")
    sender = subprocess.Popen(
        [sys.executable, "-c", f"import urllib.request as u; u.urlopen({url!r}, b'{{}}')"], stderr=subprocess.DEVNULL
    )
    assert json.loads(read_line(receiver))["answer"] is None
    receiver.send_signal(signal.SIGTERM)
    assert receiver.wait(ENDS_WITHIN_S) == 0
    assert sender.wait(ENDS_WITHIN_S) != 0


def test_a_senders_control_characters_stay_off_the_terminal(start: Start) -> None:
    """A type with an escape sequence is shown harmlessly."""
    receiver, url = start()
    assert post(url, payload(type="\x1b[2Jboo\n"), {}) == 200
    line = read_line(receiver)
    assert " [2Jboo " in line
    assert "not checked" in line


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--fail", "sometimes"], 2, "flaky:0.3"),
        (["--secret", "hunter2"], 2, "secret"),
        (["--secret-file", "/nowhere/at/all"], 2, "No such file"),
        (["--secret-file", "/dev/null"], 2, "no secret in"),
        (["--port", "99999"], 2, "99999"),
        (["--host", "203.0.113.1", "--port", "0"], 5, "can't listen"),
    ],
)
def test_bad_options(options: list[str], code: int, message: str) -> None:
    """Each mistake has its message and its exit code, and no stack trace."""
    finished = run("receiver", *options)
    assert (finished.returncode, finished.stdout) == (code, "")
    assert message in finished.stderr
    assert "Traceback" not in finished.stderr
    assert "hunter2" not in finished.stderr


def test_a_port_in_use(start: Start) -> None:
    """A second receiver on the same port says so."""
    _, url = start()
    finished = run("receiver", "--port", url.split(":")[2].split("/")[0])
    assert finished.returncode == 5
    assert "in use" in finished.stderr


def test_help_has_examples() -> None:
    """The help shows how it is used."""
    finished = run("receiver", "--help")
    assert finished.returncode == 0
    assert "Examples:" in finished.stdout
    assert parse_secret(SECRET).text not in finished.stdout
