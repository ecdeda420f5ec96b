"""`gateway secrets`: the key ring that encrypts what is secret of subscriptions, and moving to a new key."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from gateway.admin.key_use import KeyUse, Unopened, key_uses
from gateway.admin.rekeying import Rekeyed, Rekeying
from gateway.cli.output import emit_json, emit_table, json_option
from gateway.cli.subscription_parts import store, table
from gateway.domain.errors import GatewayError
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.telemetry.clock import now_ms
from gateway.telemetry.logs import configure_logs
from gateway.wire.sealing import generate_key_line


@click.group()
def command() -> None:
    """Replace the keys that secrets are encrypted with.

    Signing secrets, header values and private keys are encrypted in the subscriptions topic with the newest key of the
    key ring (GATEWAY_SECRET_KEYS or GATEWAY_SECRET_KEYS_FILE). docs/security.md has the steps.

    \b
    Examples:
      gateway secrets new-key
      gateway secrets status
      gateway secrets rekey --dry-run
    """
    configure_logs(load_settings().log_level, "console")


@command.command(name="new-key")
def new_key() -> None:
    """Print a new key: one line for the key ring. The first line of a ring seals, all of them open.

    \b
    Examples:
      gateway secrets new-key > secret-keys
      (gateway secrets new-key; cat secret-keys) > secret-keys.new
    """
    click.echo(generate_key_line())


@command.command()
@json_option
def status(as_json: bool) -> None:
    """Show which keys are in use, which are missing, and which may go.

    \b
    Examples:
      gateway secrets status
      gateway secrets status --json | jq 'select(.in_ring | not)'
    """
    uses = key_uses(table(), Deployment(load_settings()).key_ring(), now_ms())
    if as_json:
        for use in uses:
            emit_json({**asdict(use), "may_go": use.may_go})
        return
    emit_table(("KEY", "SUBSCRIPTIONS", "DO NOT OPEN", "STATE"), [_row(use) for use in uses])


@command.command()
@click.option("--dry-run", is_flag=True, help="Show what would be done; change nothing.")
@json_option
def rekey(dry_run: bool, as_json: bool) -> None:
    """Encrypt everything anew with the newest key of the key ring.

    Secrets stay what they are: receivers notice nothing. May be broken off and run again; what is done stays done.
    What no key of the ring opens is listed and left as it is, with exit code 1.

    \b
    Examples:
      gateway secrets rekey --dry-run
      gateway secrets rekey --json
    """
    ring = Deployment(load_settings()).key_ring()
    rekeying, index = Rekeying(ring, now_ms), table()
    if dry_run:
        result = rekeying.look(index)
    else:
        with _progress() as progress:
            result = rekeying.run(index, store(), progress)
    if as_json:
        unopened = [asdict(part) for part in result.unopened]
        emit_json({"key_id": ring.newest_id, "rekeyed": result.subscriptions, "dry_run": dry_run, "unopened": unopened})
    else:
        _show(result, ring.newest_id, dry_run=dry_run)
    if result.unopened:
        raise GatewayError(
            f"{len(result.unopened):,} secrets do not open with the key ring and were left as they are",
            hint="add their keys to the ring and run it again, or give the subscriptions new secrets",
        )


def _show(result: Rekeyed, newest_id: str, *, dry_run: bool) -> None:
    if result.unopened:
        emit_table(("SUBSCRIPTION", "TENANT", "PART", "KEY", "REASON"), _unopened_rows(result.unopened))
    verb = "would be sealed" if dry_run else "sealed"
    click.echo(f"{result.subscriptions:,} subscriptions {verb} with key '{newest_id}'")


def _unopened_rows(parts: Sequence[Unopened]) -> list[tuple[object, ...]]:
    return [
        (
            part.subscription_id,
            part.tenant,
            part.part,
            part.key_id,
            "the key is not in the ring" if part.missing else "does not open with the ring's key",
        )
        for part in parts
    ]


def _row(use: KeyUse) -> tuple[object, ...]:
    if not use.in_ring:
        state = "missing: not in the key ring"
    elif use.newest:
        state = "newest: seals"
    else:
        state = "may go" if use.may_go else "in use"
    return use.key_id, f"{use.subscriptions:,}", f"{use.unopened:,}", state


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show how far it is, on standard error: a bar on a terminal, else a line after each batch."""
    if not sys.stderr.isatty():
        yield lambda done, total: click.echo(f"sealed {done:,} of {total:,} subscriptions", err=True)
        return
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        sealing = bar.add_task("sealing", total=None)
        yield lambda done, total: bar.update(sealing, completed=done, total=total)
