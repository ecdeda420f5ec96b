"""What evaluating an expression may cost at most, known before it is done.

CEL has no endless loops, but macros within macros, texts searched again for every item, and texts and lists that double
with every step can take minutes and gigabytes. So:

- what could grow without a bound is refused when it is written: a macro over what another macro made, unless that
  has plain items, and then nothing may be put together in it;
- of everything else a bound is computed from the event's size, and an event that exceeds it makes the expression fail.

The library adds one of its own: 10,000 rounds of all macros of an expression together.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.domain.delivery import MAX_RECORD_BYTES
from gateway.domain.errors import InvalidInputError
from gateway.shaping.cel_patterns import pattern_weight
from gateway.shaping.cel_syntax import SyntaxTree, children_of, kind_of

# Steps and bytes; the dearest ones take about 3 ns each, so all of them together a third of a second.
MAX_COST = 100_000_000
MAX_ROUNDS = 10_000
# A step of the evaluation takes as long as looking at so many bytes.
_STEP = 50
# Of each unit of a pattern's weight.
_PATTERN_STEPS = 7
_SEARCHES = frozenset({"contains", "startsWith", "endsWith", "matches", "@in", "_==_", "_!=_"})
_READS = frozenset(
    {"size", "string", "bytes", "int", "uint", "double", "timestamp", "duration", "_<_", "_<=_", "_>_", "_>=_"}
)
_LOOKED_AT = _SEARCHES | _READS
_PLAIN = frozenset({"primitive", "wrapper", "well_known"})
_STRING, _BYTES = 5, 6


@dataclass(frozen=True, slots=True)
class Cost:
    """A bound for the cost of an expression.

    Attributes:
        steps: how many steps are made for every round of so many nested macros, by their number.
        looks: how often the whole data may be looked at, likewise.
        lists: how many lists are built by macros, item by item, likewise.
    """

    steps: Mapping[int, int]
    looks: Mapping[int, int]
    lists: Mapping[int, int]

    @property
    def is_small(self) -> bool:
        """Tell whether no event can exceed the bound."""
        loops = any(self.steps) or any(self.looks)
        once = _STEP * self.steps.get(0, 0) + MAX_RECORD_BYTES * self.looks.get(0, 0)
        return not loops and once <= MAX_COST

    def of(self, largest: int, size: int) -> int:
        """Give the bound for an event.

        Args:
            largest: how many items its largest array or map has.
            size: how many characters and bytes its texts have.
        """
        steps = sum(count * _rounds(largest, depth) for depth, count in self.steps.items())
        looks = sum(count * _rounds(largest, depth) for depth, count in self.looks.items())
        # The library copies the list for each item that is added to it.
        copies = sum(count * _rounds(largest, depth) for depth, count in self.lists.items()) * _rounds(largest, 1) // 2
        return _STEP * (steps + copies) + size * looks


def _rounds(largest: int, depth: int) -> int:
    return int(min(max(largest, 1) ** depth, MAX_ROUNDS))


def cost_of(tree: SyntaxTree) -> Cost:
    """Find a bound for the cost of an expression, as the checker gave it.

    Raises:
        InvalidInputError: there is none.
    """
    counting = _Counting(tree)
    counting.count(tree.root, _Around())
    return Cost(dict(counting.steps), dict(counting.looks), dict(counting.lists))


@dataclass(frozen=True, slots=True)
class _Around:
    """What is around a node.

    Attributes:
        depth: how many macros over the data.
        times: how many rounds of macros over literals.
        of_data: variables that go over the data.
        accumulators: variables that macros build their outcome in.
        constructed: whether a macro goes over something else than the data.
        is_range: whether it is what a macro goes over.
    """

    depth: int = 0
    times: int = 1
    of_data: frozenset[str] = frozenset()
    accumulators: frozenset[str] = frozenset()
    constructed: bool = False
    is_range: bool = False


class _Counting:
    def __init__(self, tree: SyntaxTree) -> None:
        self._tree = tree
        self.steps: Counter[int] = Counter()
        self.looks: Counter[int] = Counter()
        self.lists: Counter[int] = Counter()

    def count(self, expr: Any, around: _Around) -> None:
        """Count a node and what is below it."""
        if around.depth or around.times > 1:
            self.steps[around.depth] += around.times
        match kind_of(expr):
            case "comprehension_expr":
                self._count_loop(expr, around)
                return
            case "call_expr":
                self._count_call(expr, around)
            case _:
                pass
        for child in children_of(expr):
            self.count(child, around)

    def _count_call(self, expr: Any, around: _Around) -> None:
        call = expr.call_expr
        if call.function == "_+_" and self._grows(expr):
            if kind_of(call.args[0]) == "ident_expr" and call.args[0].ident_expr.name in around.accumulators:
                self.lists[around.depth] += around.times
                return
            if around.constructed or around.is_range:
                raise InvalidInputError(
                    f"position {self._tree.position_of(expr) + 1}: texts and lists can't be put together for a "
                    "macro to go over, or in a macro over what is not the event's data itself",
                    hint="go over a field of the data",
                )
            # What was put together before is copied each time.
            self.looks[around.depth] += around.times * (1 + _additions_below(expr))
        elif call.function in _LOOKED_AT:
            if call.function == "matches":
                self._count_pattern(call, around)
            operands = [*([call.target] if call.HasField("target") else []), *call.args]
            looked_at = operands if call.function in {"_==_", "_!=_"} else operands[:1]
            if call.function == "@in":
                looked_at = operands[1:]
            if all(self._is_short(operand) for operand in operands):
                return
            # Items of the data are together no longer than the data.
            once = any(_names(operand) & around.of_data for operand in looked_at)
            self.looks[max(around.depth - once, 0)] += around.times

    def _count_pattern(self, call: Any, around: _Around) -> None:
        pattern = call.args[-1].const_expr.string_value if call.args else ""
        self.steps[around.depth] += around.times * _PATTERN_STEPS * pattern_weight(pattern)

    def _grows(self, expr: Any) -> bool:
        type_ = self._tree.type_of(expr)
        kind = None if type_ is None else type_.WhichOneof("kind")
        if kind in {"primitive", "wrapper"}:
            return (type_.primitive or type_.wrapper) in {_STRING, _BYTES}
        return kind != "well_known"

    def _is_short(self, expr: Any) -> bool:
        if kind_of(expr) == "const_expr":
            return True
        type_ = self._tree.type_of(expr)
        if type_ is None or type_.WhichOneof("kind") not in _PLAIN:
            return False
        return (type_.primitive or type_.wrapper) not in {_STRING, _BYTES}

    def _count_loop(self, expr: Any, around: _Around) -> None:
        loop = expr.comprehension_expr
        self.count(loop.iter_range, replace(around, is_range=True))
        self.count(loop.accu_init, around)
        of_data = _is_of_data(loop.iter_range, around)
        if not of_data and not self._has_plain_items(loop.iter_range):
            raise InvalidInputError(
                f"position {self._tree.position_of(loop.iter_range) + 1}: a macro can't go over lists or records that "
                "the expression itself made",
                hint="go over a field of the data",
            )
        literal = kind_of(loop.iter_range) == "list_expr"
        inner = _Around(
            depth=around.depth + (not literal),
            times=around.times * (len(loop.iter_range.list_expr.elements) if literal else 1),
            of_data=around.of_data | ({loop.iter_var} if of_data else frozenset()),
            accumulators=around.accumulators | {loop.accu_var},
            constructed=around.constructed or not of_data,
        )
        for part in (loop.loop_condition, loop.loop_step, loop.result):
            self.count(part, inner)

    def _has_plain_items(self, expr: Any) -> bool:
        type_ = self._tree.type_of(expr)
        if type_ is None:
            return False
        match type_.WhichOneof("kind"):
            case "list_type":
                return type_.list_type.elem_type.WhichOneof("kind") in _PLAIN
            case "map_type":
                return True  # its keys are gone over
            case _:
                return False


def _is_of_data(expr: Any, around: _Around) -> bool:
    """Tell whether a node is a part of the data, and nothing made of it."""
    match kind_of(expr):
        case "ident_expr":
            return expr.ident_expr.name in {"data", "event"} | around.of_data
        case "select_expr":
            return _is_of_data(expr.select_expr.operand, around)
        case "call_expr" if expr.call_expr.function == "_[_]":
            return _is_of_data(expr.call_expr.args[0], around)
        case "call_expr" if expr.call_expr.function == "_?_:_":
            return all(_is_of_data(branch, around) for branch in list(expr.call_expr.args)[1:])
        case "comprehension_expr":
            return _is_filter(expr.comprehension_expr) and _is_of_data(expr.comprehension_expr.iter_range, around)
        case _:
            return False


def _is_filter(loop: Any) -> bool:
    """Tell the macro `filter`, which gives some of the items, from `map`, which makes others."""
    step = loop.loop_step
    if kind_of(step) != "call_expr" or step.call_expr.function != "_?_:_":
        return False
    added = step.call_expr.args[1]
    if kind_of(added) != "call_expr" or added.call_expr.function != "_+_":
        return False
    items = added.call_expr.args[1]
    if kind_of(items) != "list_expr" or len(items.list_expr.elements) != 1:
        return False
    item = items.list_expr.elements[0]
    return kind_of(item) == "ident_expr" and item.ident_expr.name == loop.iter_var


def _names(expr: Any) -> frozenset[str]:
    if kind_of(expr) == "ident_expr":
        return frozenset({expr.ident_expr.name})
    return frozenset().union(*map(_names, children_of(expr)))


def _additions_below(expr: Any) -> int:
    """Count the `+` below a node."""
    return sum(
        _additions_below(child) + int(kind_of(child) == "call_expr" and child.call_expr.function == "_+_")
        for child in children_of(expr)
    )
