"""`gateway subscriptions apply` and `export`: subscriptions as a YAML file."""

from collections import Counter
from typing import BinaryIO, TextIO

import click

from gateway.admin.apply import ManifestApplier
from gateway.admin.lifecycle import select_subscriptions
from gateway.admin.manifest import read_manifest, write_manifest
from gateway.admin.plan import Action, Plan, PlanItem
from gateway.admin.wanted import check_entries
from gateway.cli.output import emit_json, json_option
from gateway.cli.subscription_parts import confirm, rules, store, table
from gateway.domain.secret import SigningSecret
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.telemetry.clock import now_ms

_MARKS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-", Action.KEEP: "="}


@click.command()
@click.option(
    "-f", "--file", "stream", type=click.File("rb"), required=True, help="The manifest, - for standard input."
)
@click.option("--dry-run", is_flag=True, help="Show what would change, write nothing.")
@click.option("--prune", is_flag=True, help="Delete what the file does not have, of the tenants that it names.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@json_option
def apply(stream: BinaryIO, dry_run: bool, prune: bool, yes: bool, as_json: bool) -> None:
    """Make the subscriptions as a YAML file says, all of it or nothing.

    A field that is left out gets its default; only a subscription's state, its secrets and its versions stay as they
    are, and so do a header without a value and the key of a client certificate. The secrets that are made for new
    subscriptions are shown now and never again.

    \b
    Examples:
      gateway subscriptions apply -f subscriptions.yaml --dry-run
      gateway subscriptions apply -f subscriptions.yaml --prune --yes

    \b
    A file:
      subscriptions:
        - id: billing
          tenant: acme
          url: https://acme.example.com/in
          event_types: ["invoice.*"]
          retry_policy: quick
          headers: {X-Team: payments}
          pins: {invoice.issued: 1}
    """
    checks = rules()
    wanted = check_entries(read_manifest(stream, stream.name), checks, stream.name)
    deployment = Deployment(load_settings())
    applier = ManifestApplier(store(), wanted, prune=prune, rules=checks, key_ring=deployment.key_ring, clock=now_ms)
    plan = applier.plan(table())
    if not as_json:
        _show(plan)
    counts = Counter(item.action for item in plan)
    made: dict[str, SigningSecret] = {}
    if not dry_run and counts.total() > counts[Action.KEEP]:
        if counts[Action.DELETE]:
            confirm(f"Delete {counts[Action.DELETE]} subscriptions?", yes=yes)
        made = applier.carry_out(plan)
    _report(plan, made, dry_run=dry_run, as_json=as_json)


@click.command()
@click.option("--tenant", help="Only this tenant's.")
@click.option("--file", "stream", type=click.File("w"), default="-", help="Where to write.  [default: standard output]")
def export(tenant: str | None, stream: TextIO) -> None:
    """Write subscriptions as a manifest that `apply` takes.

    What is sealed is not in it, secrets, keys and the values of headers: `apply` leaves those as they are.

    \b
    Examples:
      gateway subscriptions export > subscriptions.yaml
      gateway subscriptions export --tenant acme --file acme.yaml
    """
    stream.write(write_manifest(select_subscriptions(table(), tenant=tenant)))


def _show(plan: Plan) -> None:
    for item in plan:
        click.echo(f"{_MARKS[item.action]} {item.subscription_id} ({item.tenant})")
        for difference in item.differences:
            click.echo(f"    ~ {difference.field}: {difference.old} → {difference.new}")


def _report(plan: Plan, made: dict[str, SigningSecret], *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        for item in plan:
            secret = made.get(item.subscription_id)
            emit_json({**_item_view(item), "dry_run": dry_run, **({"secret": secret.text} if secret else {})})
        return
    for subscription_id, secret in made.items():
        click.echo(f"secret of {subscription_id}, shown only now: {secret.text}")
    counts = Counter(item.action for item in plan)
    summary = ", ".join(f"{action.value} {counts[action]}" for action in Action)
    click.echo(f"{summary}{' (dry run: nothing was written)' if dry_run else ''}")


def _item_view(item: PlanItem) -> dict[str, object]:
    return {
        "action": item.action.value,
        "id": item.subscription_id,
        "tenant": item.tenant,
        "differences": [
            {"field": difference.field, "old": difference.old, "new": difference.new} for difference in item.differences
        ],
    }


COMMANDS = (apply, export)
