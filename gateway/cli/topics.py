"""`gateway topics`: the topic table against what Kafka has."""

import shlex
from collections.abc import Mapping, Sequence

import click

from gateway.cli.output import emit_json, emit_table, json_option
from gateway.domain.errors import InvalidInputError
from gateway.kafka.acls import Permission, Role, permissions
from gateway.kafka.topic_admin import TopicReport, TopicState, apply_topics, describe_topics
from gateway.services.deployment import Deployment
from gateway.settings import load_settings

_COLUMNS = ("NAME", "PARTITIONS", "CLEANUP", "RETENTION", "KEY", "VALUE", "STATE")
_UNITS_MS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))


@click.group()
def command() -> None:
    """Create and check the gateway's topics.

    \b
    Examples:
      gateway topics apply
      gateway topics list
      gateway topics acls --principal stream=User:stream
    """


@command.command()
@json_option
def apply(as_json: bool) -> None:
    """Create the topics that are missing.

    A topic that exists with other partitions or another cleanup policy is refused with exit code 4, and then nothing
    is created; no topic is ever changed or deleted.

    \b
    Examples:
      gateway topics apply
      GATEWAY_PARTITIONS=12 GATEWAY_REPLICATION_FACTOR=3 gateway topics apply
    """
    settings = load_settings()
    deployment = Deployment(settings)
    reports = apply_topics(deployment.kafka("gateway-topics"), deployment.layout().specs(), settings.replication_factor)
    if as_json:
        _emit_reports(reports)
        return
    created = [report.spec.name for report in reports if report.state is TopicState.CREATED]
    for name in created:
        click.echo(f"created {name}")
    click.echo(f"{len(created)} topics created, {len(reports) - len(created)} were there already")


@command.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """List every topic of the gateway, and whether Kafka's fits: ok, missing or misfit.

    \b
    Examples:
      gateway topics list
      gateway topics list --json | jq 'select(.state != "ok")'
    """
    deployment = Deployment(load_settings())
    reports = describe_topics(deployment.kafka("gateway-topics"), deployment.layout().specs())
    if as_json:
        _emit_reports(reports)
    else:
        emit_table(_COLUMNS, [_row(report) for report in reports])


@command.command()
@click.option(
    "--principal",
    "principals",
    metavar="ROLE=PRINCIPAL",
    multiple=True,
    help=f"Who a role is; only roles given are printed. Roles: {', '.join(role.value for role in Role)}.",
)
@json_option
def acls(principals: tuple[str, ...], as_json: bool) -> None:
    """Print the access rules that each process and command needs, as arguments of kafka-acls.sh.

    Asks no broker and changes nothing. Without --principal, every role is a user of its own name.

    \b
    Examples:
      gateway topics acls
      gateway topics acls --principal stream=User:gateway --principal egress=User:gateway
      gateway topics acls | xargs -L1 kafka-acls.sh --bootstrap-server kafka:9093 --command-config admin.properties
    """
    needed = permissions(Deployment(load_settings()).layout())
    for role, principal in _principals(principals).items():
        for permission in needed[role]:
            if as_json:
                emit_json(_acl_json(role, principal, permission))
            else:
                click.echo(_acl_line(principal, permission))


def _principals(given: Sequence[str]) -> Mapping[Role, str]:
    if not given:
        return {role: f"User:{role.value}" for role in Role}
    found: dict[Role, str] = {}
    for text in given:
        name, _, principal = text.partition("=")
        if name not in {role.value for role in Role} or ":" not in principal:
            raise InvalidInputError(
                f"--principal {text}: is not ROLE=TYPE:NAME",
                hint=f"for example stream=User:stream; roles are {', '.join(role.value for role in Role)}",
            )
        found[Role(name)] = principal
    return found


def _acl_json(role: Role, principal: str, permission: Permission) -> dict[str, object]:
    return {
        "role": role.value,
        "principal": principal,
        "operations": [operation.value for operation in permission.operations],
        "resource": permission.resource.value,
        "names": permission.names,
        "pattern": "literal",
    }


def _acl_line(principal: str, permission: Permission) -> str:
    options = [("--operation", operation.value) for operation in permission.operations]
    options += [(f"--{permission.resource.value}", name) for name in permission.names]
    arguments = ["--add", "--allow-principal", principal, *(text for option in options for text in option)]
    return shlex.join(arguments)


def _emit_reports(reports: Sequence[TopicReport]) -> None:
    for report in reports:
        emit_json(
            {
                "name": report.spec.name,
                "partitions": report.spec.partitions,
                "cleanup": report.spec.cleanup,
                "retention_ms": report.spec.retention_ms,
                "key": report.spec.key,
                "value": report.spec.value,
                "state": report.state.value,
                "found": report.found,
            }
        )


def _row(report: TopicReport) -> tuple[object, ...]:
    spec, found = report.spec, report.found
    state = report.state.value
    if found is not None and report.state is TopicState.MISFIT:
        state = f"{state}: has {found.partitions} partitions, cleanup {found.cleanup}"
    return (spec.name, spec.partitions, spec.cleanup, _retention(spec.retention_ms), spec.key, spec.value, state)


def _retention(retention_ms: int | None) -> str:
    """Write a span as people read it (`7d 30s`); None is what compaction does."""
    if retention_ms is None:
        return "newest of each key"
    parts = []
    for unit, length_ms in _UNITS_MS:
        count, retention_ms = divmod(retention_ms, length_ms)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts)
