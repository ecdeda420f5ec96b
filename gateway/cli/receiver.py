"""`gateway receiver`: run the test receiver in the foreground until it is stopped."""

import asyncio
import signal
import time
from collections.abc import Callable
from random import Random
from typing import BinaryIO

import click
import uvloop

from gateway.cli.output import emit_json, json_option
from gateway.cli.secret_options import secrets_from, secrets_options
from gateway.domain.foreign_text import plain_line
from gateway.receiver.received import ReceivedRequest
from gateway.receiver.sandbox import DEFAULT_KEEP, Sandbox

_NAME_CHARS = 16
_TYPE_CHARS = 32


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8088, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 for a free one.")
@click.option("--fail", "mode", default="none", show_default=True, metavar="MODE", help="How to fail, see above.")
@secrets_options
@click.option("--keep", default=DEFAULT_KEEP, show_default=True, type=click.IntRange(1), help="How many to keep.")
@click.option("--seed", type=int, help="Let flaky modes fail the same requests each time.")
@click.option("--quiet", is_flag=True, help="Print no line per request.")
@json_option
def command(
    host: str,
    port: int,
    mode: str,
    secret_files: tuple[BinaryIO, ...],
    secrets: tuple[str, ...],
    keep: int,
    seed: int | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run a test receiver that verifies what it gets, keeps it, and fails as asked.

    Webhooks go to /hooks or /hooks/NAME; every name is an inbox of its own. Without a secret, signatures are not
    checked. Whoever reaches the port can read and steer it.

    \b
    Fail modes:
      none         answer 200
      timeout      never answer
      slow:2s      answer 200 after two seconds
      flaky:0.3    answer 503 to three in ten
      500          answer this status; any from 400 to 599 (429 with Retry-After)

    \b
    Examples:
      gateway receiver --secret-file secret.txt
      gateway receiver --port 9000 --fail flaky:0.3 --seed 1
      curl localhost:8088/received?limit=5
      curl localhost:8088/stats
      curl -X PUT localhost:8088/mode -d '{"mode": "500"}'
      curl -X PUT localhost:8088/mode/NAME -d '{"mode": "slow:2s"}'
      curl -X DELETE localhost:8088/received
    """
    all_secrets = secrets_from(secrets, secret_files)
    show = _no_line if quiet else emit_request if as_json else print_request
    rng = Random(seed)  # noqa: S311 - decides which requests fail, guards nothing

    async def serve() -> None:
        stopped = asyncio.Event()

        def on_received(received: ReceivedRequest) -> None:
            try:
                show(received)
            except BrokenPipeError:
                stopped.set()

        sandbox = Sandbox(mode=mode, secrets=all_secrets, keep=keep, rng=rng, on_received=on_received)
        await _run_until_stopped(sandbox, host, port, stopped, _ready_line(as_json, mode, len(all_secrets)))

    uvloop.run(serve())


async def _run_until_stopped(
    sandbox: Sandbox, host: str, port: int, stopped: asyncio.Event, ready: Callable[[str], None]
) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    url = await sandbox.start(host, port)
    try:
        ready(url)
        await stopped.wait()
    finally:
        await sandbox.stop()


def _ready_line(as_json: bool, mode: str, secrets: int) -> Callable[[str], None]:
    def ready(url: str) -> None:
        if as_json:
            emit_json({"ready": True, "url": f"{url}/hooks", "mode": mode, "secrets": secrets})
            return
        checks = "signatures are checked" if secrets else "no secret, so signatures are not checked"
        click.echo(f"ready: {url}/hooks  (fail mode {mode}; {checks})")

    return ready


def emit_request(received: ReceivedRequest) -> None:
    """Print one request as a line of JSON."""
    emit_json(received.as_json())


def print_request(received: ReceivedRequest) -> None:
    """Print one request for people: time, inbox, type, id and which attempt, verdict, answer."""
    at = time.strftime("%H:%M:%S", time.localtime(received.received_at_ms / 1000))
    nth = "" if received.attempt_count in {None, 1} else f" (no. {received.attempt_count})"
    verdict, colour = _verdict(received)
    answer = "held" if received.answer is None else str(received.answer)
    click.echo(
        f"{at}  {_plain(received.name):{_NAME_CHARS}}  {_plain(received.event_type):{_TYPE_CHARS}}  "
        f"{_plain(received.webhook_id)}{nth}  {click.style(verdict, fg=colour)}  "
        f"{click.style(answer, fg='green' if received.answer == 200 else 'red')}"  # noqa: PLR2004 - RFC 9110
    )


def _verdict(received: ReceivedRequest) -> tuple[str, str]:
    match received.verified:
        case True:
            return "verified", "green"
        case False:
            return f"not verified: {received.reason}", "red"
        case None:
            return "not checked", "yellow"


def _plain(text: str | None) -> str:
    """Make a sender's text harmless on a terminal."""
    return plain_line(text) if text else "-"


def _no_line(received: ReceivedRequest) -> None:
    """Print nothing."""
