"""Transforms: a JSON object whose texts are expressions takes the place of an event's data.

    {"order": "data.order_id", "paid": "data.total > 0", "source": "'shop'", "lines": "data.lines.map(l, l.sku)"}

A path alone, like `data.total` or `data.lines[0].sku`, gives the value exactly as the untransformed body shows it. What
CEL calculated is shown as CEL has it: a decimal that was calculated with is a number, for instance.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from gateway.domain.delivery import LARGEST_MAX_BODY_BYTES
from gateway.domain.errors import InvalidInputError
from gateway.domain.subscription import MAX_TRANSFORM_CHARS
from gateway.shaping.cel_cost import MAX_COST
from gateway.shaping.cel_messages import reason_of
from gateway.shaping.cel_types import EVENT
from gateway.shaping.expressions import EvaluationError, Expression, ExpressionCompiler, Subject
from gateway.wire.rendering import render_data
from gateway.wire.strict_json import parse_json

MAX_EXPRESSIONS = 200
MAX_TEMPLATE_DEPTH = 20
_PATH = re.compile(r"(data|event)((?:\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]{1,9}\])*)\Z")
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]+)\]")
_INT64_END = 2**63
Step = str | int
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TransformError(Exception):
    """A transform has no result for an event.

    Attributes:
        detail: where in the template and why, in a line for people.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A text of the template.

    Attributes:
        place: where it stands, like `order.lines[0]`.
        expression: its expression.
        path: the steps of its path, where it is nothing but one: a root, then fields and indexes.
    """

    place: str
    expression: Expression
    path: tuple[Step, ...] | None

    def evaluate(self, subject: Subject) -> Any:
        try:
            if self.path is None:
                return plain_value(self.expression.evaluate(subject), self.expression.text)
            return value_at(self.path, subject)
        except EvaluationError as error:
            raise TransformError(f"{self.place}: {error.reason}") from error


class Transform:
    """A compiled transform.

    Args:
        compiler: of the view that it is to reshape.
        text: the template.

    Raises:
        InvalidInputError: it is no JSON object, it is too large, or an expression of it can't be compiled.
    """

    def __init__(self, compiler: ExpressionCompiler, text: str) -> None:
        if len(text) > MAX_TRANSFORM_CHARS:
            raise InvalidInputError(f"it has {len(text)} characters, at most {MAX_TRANSFORM_CHARS} are allowed")
        try:
            template = parse_json(text.encode())
        except ValueError as error:
            raise InvalidInputError(f"it is not JSON: {error}") from None
        if not isinstance(template, dict):
            raise InvalidInputError("it is no JSON object", hint='write one like {"order": "data.order_id"}')
        self._leaves: list[_Leaf] = []
        self._compiler = compiler
        self._template = self._compiled(template, "", 0)
        self._costs = [each.cost for each in self.expressions if each.cost is not None]

    def apply(self, subject: Subject) -> Any:
        """Give what takes the place of an event's data; it is ready to be rendered.

        Raises:
            TransformError: an expression has no value, or it is all too much.
        """
        if self._costs:
            try:
                largest, size = subject.measure()
            except EvaluationError as error:
                raise TransformError(error.reason) from error
            if sum(cost.of(largest, size) for cost in self._costs) > MAX_COST:
                raise TransformError("it would take too long on an event of this size")
        return _Building().build(self._template, subject)

    @property
    def expressions(self) -> Iterator[Expression]:
        """Those that are evaluated; a path alone is not."""
        return (leaf.expression for leaf in self._leaves if leaf.path is None)

    def _compiled(self, part: Any, place: str, depth: int) -> Any:
        if depth > MAX_TEMPLATE_DEPTH:
            raise InvalidInputError(f"it is nested more than {MAX_TEMPLATE_DEPTH} levels deep")
        match part:
            case dict():
                return {
                    name: self._compiled(each, f"{place}.{name}".lstrip("."), depth + 1) for name, each in part.items()
                }
            case list():
                return [self._compiled(each, f"{place}[{index}]", depth + 1) for index, each in enumerate(part)]
            case str():
                return self._leaf(part, place)
            case int() if not -_INT64_END <= part < _INT64_END:
                raise InvalidInputError(f"'{place[:80]}': the number is beyond 64 bits")
            case _:
                return part

    def _leaf(self, text: str, place: str) -> _Leaf:
        if len(self._leaves) >= MAX_EXPRESSIONS:
            raise InvalidInputError(f"it has more than {MAX_EXPRESSIONS} expressions")
        try:
            expression = self._compiler.value(text)
        except InvalidInputError as error:
            hint = error.hint
            if hint is None and not _PATH.match(text):
                hint = """a text that is to stay as it is has quotes of its own: "'like this'\""""
            raise InvalidInputError(f"'{place[:80]}', {error.message}", hint=hint) from None
        leaf = _Leaf(place, expression, _path_of(text))
        self._leaves.append(leaf)
        return leaf


class _Building:
    """Puts the result together, each value rendered once, and no more of them than fit into a body."""

    def __init__(self) -> None:
        self._left = LARGEST_MAX_BODY_BYTES

    def build(self, part: Any, subject: Subject) -> Any:
        match part:
            case _Leaf():
                rendered = render_data(part.evaluate(subject))
                self._left -= len(rendered)
                if self._left < 0:
                    raise TransformError(f"{part.place}: the result is larger than any body may be")
                return orjson.Fragment(rendered)
            case dict():
                return {name: self.build(each, subject) for name, each in part.items()}
            case list():
                return [self.build(each, subject) for each in part]
            case _:
                return part


def plain_value(value: Any, text: str) -> Any:
    """Give the library's value as one of Python's that can be rendered.

    Args:
        value: the value.
        text: the expression that gave it.

    Raises:
        EvaluationError: it is an error.
    """
    type_ = str(value.type())
    # Asked before the value is taken: the library loses a reference to None each time that it hands one out.
    if type_ == "NULL":
        return None
    content = value.value()
    match type_.partition("<")[0]:
        case "ERROR":
            raise EvaluationError(reason_of(str(content), text))
        case "LIST":
            return [plain_value(item, text) for item in content]
        case "MAP":
            return {_name(name): plain_value(item, text) for name, item in content.items()}
        case kind:
            convert = _CONVERSIONS.get(kind)
            return content if convert is None else convert(content)


def _duration(content: timedelta) -> str:
    """Write a duration as CEL's `string()` does: in seconds."""
    seconds = content.days * 86_400 + content.seconds
    if not content.microseconds:
        return f"{seconds}s"
    return f"{content.total_seconds():.6f}".rstrip("0") + "s"


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {"BYTES": bytes, "DURATION": _duration, "TYPE": str}


def _name(name: Any) -> str:
    """Write a map's key as the name of a JSON member."""
    return name if isinstance(name, str) else orjson.dumps(name).decode()


def _path_of(text: str) -> tuple[Step, ...] | None:
    match = _PATH.match(text.strip())
    if match is None:
        return None
    return (match[1], *_steps(match[2]))


def _steps(text: str) -> Iterator[Step]:
    for step in _STEP.finditer(text):
        yield step[1] or int(step[2])


def value_at(path: tuple[Step, ...], subject: Subject) -> Any:
    """Give what lies at a path in an event, as it is decoded; a field of null is null.

    Args:
        path: `data` or `event`, then fields, keys of maps and indexes of arrays.
        subject: the event.

    Raises:
        EvaluationError: nothing does.
    """
    root, *steps = path
    value: Any = _event_of(subject) if root == EVENT else subject.data
    for step in steps:
        if value is None:
            return None
        try:
            value = value[step]
        except (KeyError, IndexError):
            raise EvaluationError(f"there is no {step}") from None
        except TypeError:
            raise EvaluationError(f"there is no {step} in what is no record, array or map") from None
    return value


def _event_of(subject: Subject) -> dict[str, Any]:
    event = subject.event
    return {
        "id": event.event_id,
        "type": event.event_type,
        "time": _EPOCH + timedelta(milliseconds=event.time_ms),
        "source": event.source,
        "subject": event.subject,
        "tenant": event.tenant,
    }
