"""What a filter is made of, with its values for one event: for those who ask why it said what it said.

The parts are the conditions that `&&` and `||` join, and the paths that lead into the event.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.domain.errors import InvalidInputError
from gateway.shaping.cel_syntax import SyntaxTree, children_of, kind_of
from gateway.shaping.cel_types import DATA, EVENT
from gateway.shaping.expressions import EvaluationError, ExpressionCompiler, Subject
from gateway.shaping.transforms import Step, value_at

MAX_PARTS = 50
_JOINS = frozenset({"_&&_", "_||_"})


@dataclass(frozen=True, slots=True)
class PartValue:
    """A part of a filter.

    Attributes:
        text: as it stands in the filter.
        value: its value, as the view's data has it; None also where there is none.
        error: why it has no value, or None.
    """

    text: str
    value: Any
    error: str | None = None


def values_of_parts(compiler: ExpressionCompiler, text: str, subject: Subject) -> list[PartValue]:
    """Evaluate the parts of a filter, at most `MAX_PARTS`: conditions first, where there are several, then paths.

    Args:
        compiler: the view's.
        text: the filter.
        subject: the event, in the same view.

    Raises:
        InvalidInputError: the filter can't be compiled.
    """
    tree = compiler.checked(text)
    conditions = list(dict.fromkeys(_conditions(tree, tree.root, text, 0, len(text))))
    parts = [_condition(compiler, each, subject) for each in conditions[:MAX_PARTS]] if len(conditions) > 1 else []
    parts += [_path(path, subject) for path in dict.fromkeys(_paths(tree.root))]
    return [part for part in parts if part is not None][:MAX_PARTS]


def _conditions(tree: SyntaxTree, expr: Any, text: str, begin: int, end: int) -> Iterator[str]:
    """Take a text apart at the operators that join its conditions."""
    if kind_of(expr) == "call_expr" and expr.call_expr.function in _JOINS:
        at = tree.position_of(expr)
        left, right = expr.call_expr.args
        yield from _conditions(tree, left, text, begin, at)
        yield from _conditions(tree, right, text, at + 2, end)
    else:
        yield _without_loose_parentheses(text[begin:end].strip())


def _without_loose_parentheses(text: str) -> str:
    loose = text.count("(") - text.count(")")
    while loose > 0 and text.startswith("("):
        text, loose = text[1:].strip(), loose - 1
    while loose < 0 and text.endswith(")"):
        text, loose = text[:-1].strip(), loose + 1
    return text


def _condition(compiler: ExpressionCompiler, text: str, subject: Subject) -> PartValue | None:
    try:
        return PartValue(text, compiler.condition(text).is_true(subject))
    except InvalidInputError:
        return None  # a parenthesis within quotes: the condition could not be cut out
    except EvaluationError as error:
        return PartValue(text, None, error.reason)


def _path(path: tuple[Step, ...], subject: Subject) -> PartValue:
    text = str(path[0]) + "".join(map(_step_text, path[1:]))
    try:
        return PartValue(text, value_at(path, subject))
    except EvaluationError as error:
        return PartValue(text, None, error.reason)


def _step_text(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if step.isidentifier() else f"[{step!r}]"


def _paths(expr: Any) -> Iterator[tuple[Step, ...]]:
    """Give the longest paths that begin with a root."""
    path = _path_at(expr)
    if path is None:
        for child in children_of(expr):
            yield from _paths(child)
    elif len(path) > 1:
        yield path


def _path_at(expr: Any) -> tuple[Step, ...] | None:
    match kind_of(expr):
        case "ident_expr" if expr.ident_expr.name in {DATA, EVENT}:
            return (str(expr.ident_expr.name),)
        case "select_expr":
            around = _path_at(expr.select_expr.operand)
            return None if around is None else (*around, str(expr.select_expr.field))
        case "call_expr" if expr.call_expr.function == "_[_]":
            around = _path_at(expr.call_expr.args[0])
            step = _constant(expr.call_expr.args[1])
            return None if around is None or step is None else (*around, step)
        case _:
            return None


def _constant(expr: Any) -> Step | None:
    match expr.const_expr.WhichOneof("kind"):
        case "int64_value":
            return int(expr.const_expr.int64_value)
        case "string_value":
            return str(expr.const_expr.string_value)
        case _:
            return None
