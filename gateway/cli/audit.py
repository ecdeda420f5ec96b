"""`gateway audit`: who changed what, listed and followed."""

from collections.abc import Sequence

import click

from gateway.cli.audit_views import audit_json, audit_lines
from gateway.cli.durations import DURATION
from gateway.cli.following import ending_well, follow
from gateway.cli.output import emit_json, emit_line, json_option
from gateway.cli.scanning import ScanProgress, warn_if_partial
from gateway.domain.audit import AuditRecord
from gateway.kafka.audit_log import AuditFilter, audit_kind
from gateway.kafka.config import KafkaConfig
from gateway.kafka.record_log import Found, RecordLog, RecordTail
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.telemetry.clock import now_ms

# An entry has two views of a subscription, of a few KB each.
_KEPT_ENTRIES = 10_000


@click.command()
@click.option("--subscription", "subscription_id", metavar="ID", help="Only what concerns this subscription.")
@click.option("--actor", metavar="NAME", help="Only this one's: user@host, a configured name, or egress.")
@click.option(
    "--since", "since_ms", type=DURATION, default="7d", show_default=True, help="How far back to look: 15m, 24h, 90d."
)
@click.option("--follow", "follows", is_flag=True, help="Go on with what happens from now on, until Ctrl-C.")
@json_option
def command(subscription_id: str | None, actor: str | None, since_ms: int, follows: bool, as_json: bool) -> None:
    """Show who changed what, with what it was before and after; oldest first.

    Every change of a subscription is here, by whichever command or by egress: it is written in the same transaction.
    So is each replay of dead letters. Secrets and the values of headers never are, nor those of a URL's query.

    \b
    Examples:
      gateway audit
      gateway audit --subscription sub_shop --since 90d
      gateway audit --actor egress --follow --json
    """
    config = Deployment(load_settings()).kafka("gateway-audit")
    wanted = AuditFilter(subscription_id, actor)
    earliest_ms = now_ms() - since_ms

    def show(records: Sequence[AuditRecord]) -> None:
        for record in records:
            if as_json:
                emit_json(audit_json(record))
            else:
                for line in audit_lines(record):
                    emit_line(line)

    if not follows:
        show(_found(config, wanted, earliest_ms).records)
        return
    # Opened first, so that nothing falls between what is listed and what is followed.
    tail = RecordTail(config, audit_kind(), wanted.admits)
    try:
        with ending_well():
            show(_found(config, wanted, earliest_ms, tail.starts).records)
            follow(tail, show)
    finally:
        tail.close()


def _found(
    config: KafkaConfig, wanted: AuditFilter, since_ms: int, before: dict[int, int] | None = None
) -> Found[AuditRecord]:
    log = RecordLog(config, audit_kind(), ScanProgress())
    found = log.find(wanted.admits, since_ms=since_ms, limit=_KEPT_ENTRIES, before=before)
    warn_if_partial(found.report, omitted=found.omitted)
    return found
