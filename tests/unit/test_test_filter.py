"""`gateway subscriptions test-filter` without a subscription: what it says of data, and of filters that are none."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.subscription_filters import test_filter as command
from gateway.domain.errors import InvalidInputError, NotFoundError
from gateway.shaping.expressions import Subject
from gateway.shaping.filter_parts import MAX_PARTS, PartValue, values_of_parts
from tests.unit.test_expressions import COMPILER, DATA, EVENT

PAYMENT = {
    "order_id": "5d8f0c1e-8c1b-4f8e-9d53-0c3f6a2b7e11",
    "payment_id": "0b0e6a52-64a6-4c0b-9d0e-7d1f5b1b9a01",
    "paid_at": "2026-01-31T13:30:00.250Z",
    "method": "CARD",
    "currency": "EUR",
    "amount": "49.90",
}


def run(tmp_path: Path, text: str, *options: str, rows: Sequence[dict[str, str]] = (PAYMENT,)) -> Result:
    """Test a filter on payments."""
    file = tmp_path / "rows.json"
    file.write_text("\n".join(map(json.dumps, rows)))
    arguments = ["--filter", text, "--event-type", "order.paid", "--file", str(file), *options]
    return CliRunner().invoke(command, arguments)


def parts(text: str) -> dict[str, object]:
    """Give the parts of a filter with their values, or why there is none."""
    found = values_of_parts(COMPILER, text, Subject(EVENT, DATA))
    return {part.text: part.value if part.error is None else part.error for part in found}


def test_it_says_what_the_filter_says_and_why(tmp_path: Path) -> None:
    result = run(tmp_path, "data.amount > 40 && data.method == 'WALLET'")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "false",
        "  data.amount > 40         true",
        "  data.method == 'WALLET'  false",
        '  data.amount              "49.90"',
        '  data.method              "CARD"',
    ]


def test_each_event_has_a_line_of_json(tmp_path: Path) -> None:
    """A failure ends with exit code 1, after all were tested."""
    rows = (PAYMENT, PAYMENT | {"amount": "7.00"}, PAYMENT | {"amount": "9.00"})
    result = run(tmp_path, "100 / (int(data.amount) - 7) > 40", "--json", rows=rows)
    assert result.exit_code == 1
    first, failed, last = map(json.loads, result.output.splitlines())
    assert [each["result"] for each in (first, failed, last)] == [False, None, True]
    assert (failed["error"], failed["sent"]) == ("divide by zero", True)
    assert first["parts"] == [{"expression": "data.amount", "value": "49.90", "error": None}]


def test_the_events_context_can_be_given(tmp_path: Path) -> None:
    text = "event.tenant == 'acme' && event.subject == 'x' && event.type == 'order.paid' && event.source == '/shop'"
    result = run(tmp_path, text, "--tenant", "acme", "--subject", "x", "--source", "/shop")
    assert result.output.splitlines()[0] == "true"


def test_a_version_has_its_own_fields(tmp_path: Path) -> None:
    file = tmp_path / "row.json"
    file.write_text("{}")
    arguments = ["--filter", "data.tags == []", "--event-type", "order.created", "--version", "1", "--file", str(file)]
    refused = CliRunner().invoke(command, arguments).exception
    assert isinstance(refused, InvalidInputError)
    assert "there is no field 'tags' in OrderCreated" in refused.message


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--filter", "data.amuont > 1", "--event-type", "order.paid"], InvalidInputError),
        (["--filter", "true", "--event-type", "order.payd"], NotFoundError),
    ],
)
def test_what_can_t_be_tested_is_refused(tmp_path: Path, arguments: list[str], error: type[Exception]) -> None:
    file = tmp_path / "row.json"
    file.write_text(json.dumps(PAYMENT))
    assert isinstance(CliRunner().invoke(command, [*arguments, "--file", str(file)]).exception, error)


@pytest.mark.parametrize(
    "arguments",
    [["--filter", "true"], [], ["s1", "--filter", "true"], ["s1", "--version", "2"], ["--event-type", "order.paid"]],
)
def test_options_that_do_not_go_together_are_a_usage_error(tmp_path: Path, arguments: list[str]) -> None:
    file = tmp_path / "row.json"
    file.write_text("{}")
    assert CliRunner().invoke(command, [*arguments, "--file", str(file)]).exit_code == 2


def test_conditions_and_paths_are_parts() -> None:
    """Of a macro only what lies outside of its items; a condition alone is the filter itself."""
    assert parts("data.count > 5") == {"data.count": 7}
    found = parts("(data.count > 5 || data.note == null) && data.parts.exists(p, p.sku == 'A') && has(data.said)")
    assert found["data.count > 5"] is found["data.note == null"] is found["has(data.said)"] is True
    assert found["data.parts.exists(p, p.sku == 'A')"] is True
    assert (found["data.count"], found["data.note"], found["data.said"]) == (7, None, "hello")
    assert "p.sku" not in found


def test_a_part_without_a_value_says_why() -> None:
    found = parts("data.flag || data.words[9] == 'x' && data.labels['z'] == 'y'")
    assert found["data.words[9] == 'x'"] == "Index error: index=9 size=2"
    assert found["data.words[9]"] == "there is no 9"
    assert found["data.labels.z"] == "there is no z"


def test_parentheses_in_texts_cost_a_part_at_most() -> None:
    assert parts("data.name == ')' || data.name == '('")["data.name"] == "Ada"


def test_parts_are_bounded() -> None:
    text = " || ".join(f"data.count == {number}" for number in range(2 * MAX_PARTS))
    found = values_of_parts(COMPILER, text, Subject(EVENT, DATA))
    assert len(found) == MAX_PARTS
    assert found[0] == PartValue("data.count == 0", value=False)
