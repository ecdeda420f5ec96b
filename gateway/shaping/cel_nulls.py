"""Writes into a checked expression what CEL leaves to its user: nulls, and numbers of different types.

CEL fails where a field of null is read, or null is compared or added. A filter would have to say `!= null` at every
step, and fail on the events where that was forgotten. Here instead:

- a field of null is null, and going over null is going over nothing;
- any question to null but `==` and `!=` is answered with false: `data.discount > 5`, `data.note.contains("x")`;
- anything else that is made of null is null: `data.discount * 2`;
- where a boolean is needed, null is false;
- `has(data.note)` tells whether the note is not null; of a map, whether it has the key, as everywhere in CEL;
- `data.total * 2` is what `data.total * 2.0` is.

The outcome of the checker does not change: it has seen the expression before.
"""

from collections.abc import Callable
from typing import Any

from gateway.shaping.cel_syntax import Expr, SyntaxTree, children_of, kind_of
from gateway.shaping.cel_types import ViewTypes, is_nullable_message

_INT64, _DOUBLE, _BOOL = 2, 4, 1
_EQUALITY = frozenset({"_==_", "_!=_"})
_ARITHMETIC = frozenset({"_+_", "_-_", "_*_", "_/_"})
# They look at their operands themselves; those that are no booleans are made ones.
_LOGIC = frozenset({"_&&_", "_||_", "!_", "_?_:_", "@not_strictly_false"})
_QUESTIONS = frozenset(
    {"_<_", "_<=_", "_>_", "_>=_", "contains", "startsWith", "endsWith", "matches", "@in"},
)
# What they give may be null although nothing that they take is.
_GIVES_AN_ITEM = frozenset({"_[_]", "dyn"})
_TAKES_ANYTHING = frozenset({"type", "dyn"})


def settle_nulls(tree: SyntaxTree, types: ViewTypes) -> bool:
    """Change an expression as this module says; tells whether its value may be null.

    Args:
        tree: the checked expression.
        types: the types it was checked against.
    """
    return _Settling(tree, types).settle(tree.root)


def must_be_boolean(tree: SyntaxTree) -> None:
    """Change an expression of a nullable or unknown type, such that it is false unless it is true."""
    inner = _moved(tree.root)
    _set_call(tree, tree.root, "_==_", inner, _constant(tree, bool_value=True))


class _Settling:
    def __init__(self, tree: SyntaxTree, types: ViewTypes) -> None:
        self._tree = tree
        self._types = types
        self._bound = 0

    def settle(self, expr: Any) -> bool:
        """Settle a node and what is below it; tells whether it may be null."""
        match kind_of(expr):
            case "select_expr":
                return self._select(expr)
            case "call_expr":
                return self._call(expr)
            case "comprehension_expr":
                return self._loop(expr)
            case "list_expr" | "struct_expr":
                for part in children_of(expr):
                    self.settle(part)
                return False
            case "const_expr":
                return bool(expr.const_expr.WhichOneof("kind") == "null_value")
            case _:
                return self._type_may_be_null(expr)

    def _type_may_be_null(self, expr: Any) -> bool:
        type_ = self._tree.type_of(expr)
        kind = None if type_ is None else type_.WhichOneof("kind")
        if kind == "message_type":
            return is_nullable_message(type_.message_type)
        return kind not in {"primitive", "list_type", "map_type", "type", "function"}

    def _select(self, expr: Any) -> bool:
        select = expr.select_expr
        type_ = self._tree.type_of(select.operand)
        message = "" if type_ is None else type_.message_type
        of_null = self.settle(select.operand)
        if select.test_only:
            if message:
                select.test_only = False
                self._guard(expr, [select.operand] if of_null else [], null=True)
                _set_call(self._tree, expr, "_!=_", _moved(expr), _null(self._tree))
            elif of_null:
                self._guard(expr, [select.operand], null=False)
            return False
        if of_null:
            self._guard(expr, [select.operand], null=True)
        if message:
            return of_null or self._types.may_be_null(message, select.field)
        return of_null or self._type_may_be_null(expr)

    def _call(self, expr: Any) -> bool:
        call = expr.call_expr
        operands = [*([call.target] if call.HasField("target") else []), *call.args]
        nullable = [operand for operand in operands if self.settle(operand)]
        if call.function in _LOGIC:
            return self._logic(call, nullable)
        if call.function in _ARITHMETIC:
            self._same_numbers(call)
        if call.function in _EQUALITY or call.function in _TAKES_ANYTHING:
            return False
        answers = call.function in _QUESTIONS
        if nullable:
            self._guard(expr, nullable, null=not answers)
        if answers:
            return False
        return bool(nullable) or (call.function in _GIVES_AN_ITEM and self._type_may_be_null(expr))

    def _logic(self, call: Any, nullable: list[Any]) -> bool:
        branches = list(call.args)[1:] if call.function == "_?_:_" else []
        is_null = False
        for operand in nullable:
            if any(operand is branch for branch in branches):
                is_null = True
            else:
                _set_call(self._tree, operand, "_==_", _moved(operand), _constant(self._tree, bool_value=True))
        return is_null

    def _same_numbers(self, call: Any) -> None:
        """Make a double of the integer that is calculated with a double."""
        kinds = [self._number_kind(operand) for operand in call.args]
        if set(kinds) != {_INT64, _DOUBLE}:
            return
        operand = call.args[kinds.index(_INT64)]
        _set_call(self._tree, operand, "double", _moved(operand))

    def _number_kind(self, expr: Any) -> int:
        type_ = self._tree.type_of(expr)
        return 0 if type_ is None else int(type_.primitive or type_.wrapper)

    def _loop(self, expr: Any) -> bool:
        loop = expr.comprehension_expr
        if self.settle(loop.iter_range):
            self._bind(loop.iter_range, lambda bound: self._choice(bound, _empty_list(self._tree), bound))
        for part in (loop.accu_init, loop.loop_condition, loop.loop_step, loop.result):
            self.settle(part)
        return False

    def _guard(self, expr: Any, operands: list[Any], *, null: bool) -> None:
        """Make a node null, or false, where one of its operands is null; each operand is looked at once."""
        names = []
        for operand in operands:
            names.append((self._new_name(), _moved(operand)))
            operand.ident_expr.name = names[-1][0]
            operand.id = self._tree.new_id()
        guarded = _moved(expr)
        for name, value in reversed(names):
            instead = _null(self._tree) if null else _constant(self._tree, bool_value=False)
            guarded = self._bound_to(name, value, self._choice(_ident(self._tree, name), instead, guarded))
        expr.CopyFrom(guarded)

    def _bind(self, expr: Any, use: Callable[[Any], Any]) -> None:
        name = self._new_name()
        expr.CopyFrom(self._bound_to(name, _moved(expr), use(_ident(self._tree, name))))

    def _choice(self, tested: Any, where_null: Any, otherwise: Any) -> Any:
        condition = Expr()
        _set_call(self._tree, condition, "_==_", tested, _null(self._tree))
        choice = Expr()
        _set_call(self._tree, choice, "_?_:_", condition, where_null, otherwise)
        return choice

    def _bound_to(self, name: str, value: Any, result: Any) -> Any:
        """Give `result` with a name for `value` in it: what CEL's macro `cel.bind` makes."""
        bound = Expr(id=self._tree.new_id())
        loop = bound.comprehension_expr
        loop.iter_var = "#unused"
        loop.iter_range.CopyFrom(_empty_list(self._tree))
        loop.accu_var = name
        loop.accu_init.CopyFrom(value)
        loop.loop_condition.CopyFrom(_constant(self._tree, bool_value=False))
        loop.loop_step.CopyFrom(_ident(self._tree, name))
        loop.result.CopyFrom(result)
        return bound

    def _new_name(self) -> str:
        self._bound += 1
        return f"@value{self._bound}"


def _moved(expr: Any) -> Any:
    """Take a node out of its place, which is left empty."""
    moved = Expr()
    moved.CopyFrom(expr)
    expr.Clear()
    return moved


def _set_call(tree: SyntaxTree, expr: Any, function: str, *args: Any) -> None:
    expr.id = tree.new_id()
    expr.call_expr.function = function
    for arg in args:
        expr.call_expr.args.add().CopyFrom(arg)


def _ident(tree: SyntaxTree, name: str) -> Any:
    expr = Expr(id=tree.new_id())
    expr.ident_expr.name = name
    return expr


def _empty_list(tree: SyntaxTree) -> Any:
    expr = Expr(id=tree.new_id())
    expr.list_expr.SetInParent()
    return expr


def _null(tree: SyntaxTree) -> Any:
    return _constant(tree, null_value=0)


def _constant(tree: SyntaxTree, **value: Any) -> Any:
    expr = Expr(id=tree.new_id())
    for name, content in value.items():
        setattr(expr.const_expr, name, content)
    return expr
