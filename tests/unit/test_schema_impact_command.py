"""How `gateway schemas impact` is asked."""

import pytest
from click.testing import CliRunner

from gateway.cli.schema_impact import command
from gateway.domain.errors import GatewayError


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a.avsc", "--candidate", "b"), "not both"),
        (("nowhere/order.created/4.avsc",), "can't be read"),
        (("proposed.avsc", "--type", "Order"), "is not an event type"),
        (("--candidate", "nowhere"), "no catalog folder"),
    ],
)
def test_what_is_proposed_has_to_be_said(arguments: tuple[str, ...], message: str) -> None:
    """Before any subscription is read."""
    with pytest.raises(GatewayError, match=message):
        CliRunner().invoke(command, arguments, catch_exceptions=False)
