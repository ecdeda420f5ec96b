"""The table of access rules: it names every topic, and prints as `kafka-acls.sh` takes it."""

import shlex

import orjson
import pytest
from click.testing import CliRunner

from gateway.cli.topics import command
from gateway.domain.errors import InvalidInputError
from gateway.domain.topics import TopicLayout
from gateway.kafka.acls import Operation, Resource, Role, permissions

LAYOUT = TopicLayout(("order", "invoice"))


def topics_of(role: Role, operation: Operation) -> set[str]:
    """Name the topics on which a role may do something."""
    return {
        name
        for permission in permissions(LAYOUT)[role]
        if permission.resource is Resource.TOPIC and operation in permission.operations
        for name in permission.names
    }


def test_every_topic_is_created_written_and_read_by_somebody() -> None:
    """A topic that is added to the layout is missed here."""
    names = {spec.name for spec in LAYOUT.specs()}

    assert topics_of(Role.TOPICS, Operation.CREATE) == names
    assert set().union(*(topics_of(role, Operation.WRITE) for role in Role)) == names
    assert set().union(*(topics_of(role, Operation.READ) for role in Role)) == names


def test_no_process_may_write_what_it_only_reads() -> None:
    """The stream decides who gets an event, but writes no subscription, and egress no event."""
    assert "subscriptions" not in topics_of(Role.STREAM, Operation.WRITE)
    assert not any(name.startswith("events.") for name in topics_of(Role.EGRESS, Operation.WRITE))
    assert not topics_of(Role.PUBLISHER, Operation.READ)


def test_lines_are_arguments_of_kafka_acls() -> None:
    """A principal with spaces is quoted, and only the roles that are given are printed."""
    principal = "User:CN=the stream,O=acme"
    result = CliRunner().invoke(command, ["acls", "--principal", f"stream={principal}"], catch_exceptions=False)

    lines = [shlex.split(line) for line in result.stdout.splitlines()]
    assert all(line[:3] == ["--add", "--allow-principal", principal] for line in lines)
    assert ["--operation", "Read", "--group", "webhook-gateway-stream"] in [line[3:] for line in lines]


def test_json_has_a_line_for_each_permission() -> None:
    """For programs that keep the rules elsewhere."""
    result = CliRunner().invoke(command, ["acls", "--json"], catch_exceptions=False)

    found = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert {each["role"] for each in found} == {role.value for role in Role}
    assert {each["principal"] for each in found} == {f"User:{role.value}" for role in Role}


@pytest.mark.parametrize("text", ["stream", "nobody=User:x", "stream=x", "=User:x"])
def test_a_principal_that_is_none_is_refused(text: str) -> None:
    """With what it has to look like."""
    with pytest.raises(InvalidInputError, match="ROLE=TYPE:NAME"):
        CliRunner().invoke(command, ["acls", "--principal", text], catch_exceptions=False)
