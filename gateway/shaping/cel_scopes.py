"""What the parts of an expression stand for in the schema: `l.quantity` is an int of the record OrderLine.

The checker knows an enum as a string and a decimal as a double; who reads a message wants to know what they are in the
schema.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.shaping.cel_syntax import children_of, kind_of
from gateway.shaping.cel_types import DATA, EVENT, EVENT_MESSAGE, ViewTypes

ROOTS = (DATA, EVENT)
_CONSTANTS = {
    "null_value": "null",
    "bool_value": "boolean",
    "int64_value": "int",
    "uint64_value": "uint",
    "double_value": "double",
    "string_value": "string",
    "bytes_value": "bytes",
}
_ARRAY, _MAP = "array of ", "map of "


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a part of an expression stands for.

    Attributes:
        words: its type in Avro's words.
        message: the message of its record, or of the records in it; None where there is none.
        symbols: those of its enum, or of the enums in it.
    """

    words: str
    message: str | None = None
    symbols: tuple[str, ...] = ()

    @property
    def is_enum(self) -> bool:
        """Tell whether it is an enum, and no array or map of them."""
        return self.words.startswith("enum ")

    def item(self) -> "Meaning | None":
        """Give what an item of it stands for; None where it has none, or that is not known."""
        words = self.words.removesuffix(" or null")
        for prefix in (_ARRAY, _MAP):
            if words.startswith(prefix):
                return Meaning(words.removeprefix(prefix), self.message, self.symbols)
        return None


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that a part of an expression can use.

    Attributes:
        types: those of the view.
        variables: those of the macros around it; None where what they stand for is not known.
    """

    types: ViewTypes
    variables: Mapping[str, Meaning | None] = field(default_factory=dict)

    def find(self, name: str) -> Meaning | None:
        """Give what a name stands for; None where that is not known."""
        if name in self.variables:
            return self.variables[name]
        message = {DATA: self.types.root, EVENT: EVENT_MESSAGE}.get(name)
        return None if message is None else Meaning(f"record {self.types.records[message].name}", message)

    def within(self, loop: Any) -> "Scope":
        """Give the scope within a macro."""
        over = meaning_of(loop.iter_range, self)
        item = None if over is None else over.item()
        if over is not None and over.words.startswith(_MAP):
            item = Meaning("string")  # its keys are gone over
        return Scope(self.types, {**self.variables, loop.iter_var: item, loop.accu_var: None})


def meaning_of(expr: Any, scope: Scope) -> Meaning | None:
    """Give what a node stands for; None where that is nothing of the schema."""
    match kind_of(expr):
        case "ident_expr":
            return scope.find(expr.ident_expr.name)
        case "select_expr":
            return _field(expr.select_expr, scope)
        case "const_expr":
            return Meaning(_CONSTANTS.get(expr.const_expr.WhichOneof("kind"), "constant"))
        case "call_expr" if expr.call_expr.function == "_[_]":
            over = meaning_of(expr.call_expr.args[0], scope)
            return None if over is None else over.item()
        case _:
            return None


def _field(select: Any, scope: Scope) -> Meaning | None:
    operand = meaning_of(select.operand, scope)
    if operand is None or select.test_only:
        return None
    if operand.words.startswith(_MAP):
        return operand.item()
    if operand.message is None or operand.words.startswith(_ARRAY):
        return None
    found = scope.types.records[operand.message].fields.get(select.field)
    return None if found is None else Meaning(found.words, found.message, found.symbols)


def calls_with_scopes(expr: Any, scope: Scope) -> Iterator[tuple[Any, Scope]]:
    """Give every call in an expression with the names that it can use."""
    if kind_of(expr) == "call_expr":
        yield expr, scope
    if kind_of(expr) == "comprehension_expr":
        loop = expr.comprehension_expr
        yield from calls_with_scopes(loop.iter_range, scope)
        scope = scope.within(loop)
        for part in (loop.accu_init, loop.loop_condition, loop.loop_step, loop.result):
            yield from calls_with_scopes(part, scope)
        return
    for child in children_of(expr):
        yield from calls_with_scopes(child, scope)
