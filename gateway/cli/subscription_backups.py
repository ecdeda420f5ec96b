"""`gateway subscriptions backup` and `restore`: the table as a file, sealed secrets included, and back."""

from typing import BinaryIO

import click

from gateway.admin.backup import backup_lines, read_backup, restore
from gateway.admin.lifecycle import select_subscriptions
from gateway.cli.output import emit_json, emit_line, json_option
from gateway.cli.subscription_parts import store, table
from gateway.domain.errors import NotFoundError


@click.command()
@click.option("--tenant", help="Only this tenant's.")
@click.option(
    "--file", "stream", type=click.File("wb"), default="-", help="Where to write.  [default: standard output]"
)
def backup(tenant: str | None, stream: BinaryIO) -> None:
    """Write subscriptions as they are, with their state and with what is sealed, for `restore`.

    One line each. Secrets, keys and the values of headers stay encrypted with the key ring: keep a copy of that, too,
    and elsewhere.

    \b
    Examples:
      gateway subscriptions backup --file subscriptions.jsonl
      gateway subscriptions backup --tenant acme | gzip > acme.jsonl.gz
    """
    stream.writelines(backup_lines(select_subscriptions(table(), tenant=tenant)))


@click.command("restore")
@click.option(
    "--file", "stream", type=click.File("rb"), required=True, help="What `backup` wrote, - for standard input."
)
@click.option("--subscription", "chosen", multiple=True, metavar="ID", help="Only this one; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Show what is missing, write nothing.")
@json_option
def restore_command(stream: BinaryIO, chosen: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Write the subscriptions of a backup that do not exist any more.

    One that exists is left as it is, however it looks in the backup. One that was deleted on purpose since then comes
    back, too: look with --dry-run, or name those that you want. Run it again if it is broken off.

    \b
    Examples:
      gateway subscriptions restore --file subscriptions.jsonl --dry-run
      gateway subscriptions restore --file subscriptions.jsonl --subscription sub_4f7n2kq3
    """
    saved = read_backup(stream, stream.name)
    if missing := [name for name in chosen if name not in saved]:
        raise NotFoundError(f"the backup has no subscription '{missing[0]}'")
    done = restore(store(), [saved[name] for name in dict.fromkeys(chosen or saved)], dry_run=dry_run)
    if as_json:
        differing = set(done.differing)
        for action, names in (("restored", done.written), ("kept", done.kept)):
            for name in names:
                emit_json({"action": action, "id": name, "differs": name in differing, "dry_run": dry_run})
        return
    for name in done.written:
        emit_line(f"+ {name}")
    for name in done.differing:
        emit_line(f"= {name} (kept; the backup has it otherwise)")
    note = " (dry run: nothing was written)" if dry_run else ""
    emit_line(f"restored {len(done.written)}, kept {len(done.kept)}{note}")


COMMANDS = (backup, restore_command)
