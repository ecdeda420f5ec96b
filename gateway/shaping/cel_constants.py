"""Refuses constants that can't be meant: symbols that an enum does not have, texts that no function could read."""

import json
from collections.abc import Iterator
from typing import Any

from cel_expr_python import cel

from gateway.shaping.cel_environment import evaluating_environment
from gateway.shaping.cel_messages import did_you_mean, reason_of, refusal
from gateway.shaping.cel_patterns import pattern_weight
from gateway.shaping.cel_scopes import Scope, calls_with_scopes, meaning_of
from gateway.shaping.cel_syntax import SyntaxTree, kind_of
from gateway.shaping.cel_types import ViewTypes

# They take a text, alone or last, and not any one.
_READERS = frozenset({"timestamp", "duration", "int", "double"})
_COMPARISONS = frozenset({"_==_", "_!=_", "@in"})


def check_constants(text: str, tree: SyntaxTree, types: ViewTypes) -> None:
    """Look at the constants of an expression.

    Args:
        text: the expression.
        tree: the same, as the checker gave it.
        types: what it was checked against.

    Raises:
        InvalidInputError: one can't be meant.
    """
    for call, scope in calls_with_scopes(tree.root, Scope(types)):
        function, args = call.call_expr.function, list(call.call_expr.args)
        if function == "matches":
            _check_pattern(text, tree, call, args[-1])
        elif function in _READERS and _is_text(args[-1]):
            literal = _literal(args[-1])
            _check_reads(text, tree, args[-1], function, f"{function}({literal})")
        elif function in _COMPARISONS:
            for one, other in ((args[0], args[1]), (args[1], args[0])):
                _check_symbols(text, tree, one, other, scope)


def _check_pattern(text: str, tree: SyntaxTree, call: Any, pattern: Any) -> None:
    """Refuse a pattern that is no regular expression, or that costs too much; it has to be known for that."""
    if not _is_text(pattern):
        raise refusal(text, tree.position_of(call), "the pattern of matches() has to be written out", None)
    try:
        pattern_weight(pattern.const_expr.string_value)
    except ValueError as error:
        what = "the pattern of matches() would take too long"
        raise refusal(text, tree.position_of(pattern), what, str(error)) from None
    _check_reads(text, tree, pattern, "matches", f"''.matches({_literal(pattern)})")


def _check_reads(text: str, tree: SyntaxTree, constant: Any, function: str, alone: str) -> None:
    value = evaluating_environment().compile(alone).eval()
    if value.type() == cel.Type.ERROR:
        what = f"{_literal(constant)} is nothing for {function}()"
        raise refusal(text, tree.position_of(constant), what, reason_of(str(value.value()), text))


def _check_symbols(text: str, tree: SyntaxTree, one: Any, other: Any, scope: Scope) -> None:
    meaning = meaning_of(one, scope)
    if meaning is None or not meaning.is_enum:
        return
    for constant in _texts(other):
        symbol = constant.const_expr.string_value
        if symbol not in meaning.symbols:
            hint = did_you_mean(symbol, meaning.symbols) or f"it has {', '.join(meaning.symbols)}"
            raise refusal(text, tree.position_of(constant), f"'{symbol}' is no symbol of {meaning.words}", hint)


def _texts(expr: Any) -> Iterator[Any]:
    elements = expr.list_expr.elements if kind_of(expr) == "list_expr" else [expr]
    return (element for element in elements if _is_text(element))


def _is_text(expr: Any) -> bool:
    return bool(expr.const_expr.WhichOneof("kind") == "string_value")


def _literal(expr: Any) -> str:
    """Write a text as CEL has it; JSON's escapes are CEL's, too."""
    return json.dumps(expr.const_expr.string_value, ensure_ascii=False)
