"""Transforms: the data in the form that a template says, exact where a path is all, and bounded."""

import json
from typing import Any

import pytest

from gateway.domain.errors import InvalidInputError
from gateway.domain.subscription import MAX_TRANSFORM_CHARS
from gateway.shaping.expressions import Subject
from gateway.shaping.transforms import MAX_EXPRESSIONS, Transform, TransformError
from gateway.wire.rendering import render_data
from tests.unit.test_expressions import COMPILER, DATA, EVENT


def result(template: object, data: dict[str, Any] | None = None) -> Any:
    """Apply a template to the data, and read what is rendered."""
    transform = Transform(COMPILER, json.dumps(template))
    return json.loads(render_data(transform.apply(Subject(EVENT, DATA | (data or {})))))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("data.total", "49.90"),
        ("data.parts[1].price", "30.90"),
        ("data.count", 7),
        ("data.at", "2026-01-31T13:30:00.250Z"),
        ("data.raw", "YQBi"),
        ("data.home", {"city": "Bonn", "number": 3, "outside": False, "seen": "2026-01-01T00:00:00.000Z", "tags": []}),
        ("data.labels.k", "v"),
        ("data.note", None),
        ("data.place.city", None),
        ("data.grid[0][1]", 2),
        ("event.id", "e-1"),
        ("event.time", "2026-01-31T13:30:00.250Z"),
        (" data.count ", 7),
    ],
)
def test_a_path_gives_the_value_as_the_body_shows_it(text: str, value: object) -> None:
    assert result({"x": text}) == {"x": value}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("data.total * 2", 99.8),
        ("data.total > 40", True),
        ("string(data.total) + ' EUR'", "49.9 EUR"),
        ("data.name + ' from ' + data.home.city", "Ada from Bonn"),
        ("data.parts.map(p, p.sku)", ["A", "B"]),
        (
            "data.parts.map(p, {'sku': p.sku, 'discount': p.discount})",
            [{"sku": "A", "discount": None}, {"sku": "B", "discount": 0.9}],
        ),
        ("data.parts.filter(p, p.count > 1)[0].sku", "A"),
        ("data.note == null ? 'none' : data.note", "none"),
        ("data.note + 'x'", None),
        ("data.at - timestamp('2026-01-31T13:00:00Z')", "1800.25s"),
        ("data.at + duration('1h')", "2026-01-31T14:30:00.250Z"),
        ("b'ab'", "YWI="),
        ("type(data.count)", "INT"),
        ("{1: 'a', 'b': 2}", {"1": "a", "b": 2}),
        ("[null, [null]]", [None, [None]]),
    ],
)
def test_an_expression_gives_what_it_calculates(text: str, value: object) -> None:
    assert result({"x": text}) == {"x": value}


def test_a_template_may_be_nested_and_have_values_of_its_own() -> None:
    template = {"a": {"b": ["data.count", 1, 2.5, True, None, []]}, "source": "'shop'"}
    assert result(template) == {"a": {"b": [7, 1, 2.5, True, None, []]}, "source": "shop"}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('{"a": ["data.nmae"]}', "'a[0]', position 6: there is no field 'nmae' in Thing", "did you mean name?"),
        ('{"a": {"b": "hello you"}}', "'a.b', position 7: 'you' can't stand here", "quotes of its own"),
        ("[]", "it is no JSON object", "write one like"),
        ('{"a": 1', "it is not JSON", ""),
        ('{"a": 1, "a": 2}', "is there twice", ""),
        ('{"a": 99999999999999999999}', "the number is beyond 64 bits", ""),
        (json.dumps({"a": ["1"] * (MAX_EXPRESSIONS + 1)}), "more than 200 expressions", ""),
        ('{"a": ' * 22 + "1" + "}" * 22, "more than 20 levels", ""),
        (json.dumps({"a": "1" * MAX_TRANSFORM_CHARS}), "at most 16384 are allowed", ""),
        (json.dumps({"a": "data.parts.map(p, [p]).map(x, x + x)"}), "a macro can't go over lists or records", ""),
    ],
)
def test_a_wrong_template_is_refused_with_the_place(text: str, message: str, hint: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        Transform(COMPILER, text)
    assert message in refused.value.message
    assert hint in (refused.value.hint or "")


@pytest.mark.parametrize(
    ("template", "data", "detail"),
    [
        ({"a": {"b": "data.words[9]"}}, {}, "a.b: there is no 9"),
        ({"a": ["data.labels.z"]}, {}, "a[0]: there is no z"),
        ({"a": "data.words[0].x"}, {}, ""),
        ({"a": "1 / (data.count - 7)"}, {}, "a: divide by zero"),
        ({"a": "data.name + ''"}, {"name": "\0"}, "a text holds the character U+0000"),
        ({f"f{n}": "data.words" for n in range(20)}, {"words": ["x" * 90_000]}, "larger than any body may be"),
        ({"a": "data.words.map(w, data.name + w)"}, {"name": "x" * 90_000, "words": ["a"] * 3000}, "too long"),
    ],
)
def test_what_has_no_result_says_where(template: dict[str, Any], data: dict[str, Any], detail: str) -> None:
    if not detail:  # the checker knows that a text has no fields
        with pytest.raises(InvalidInputError):
            result(template, data)
        return
    with pytest.raises(TransformError) as failed:
        result(template, data)
    assert detail in failed.value.detail
