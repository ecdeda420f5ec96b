"""CEL expressions on an event: checked when they are written, compiled once, evaluated for every event.

An expression sees `event` and `data`; what they are is `gateway.shaping.cel_types`'s to say, how nulls and numbers mix
`gateway.shaping.cel_nulls`'s. It is evaluated in bounded time and memory (`gateway.shaping.cel_cost`) and has no way to
the outside.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gateway.domain.errors import InvalidInputError
from gateway.domain.event import Event
from gateway.domain.subscription import MAX_FILTER_CHARS
from gateway.shaping.cel_constants import check_constants
from gateway.shaping.cel_cost import MAX_COST, Cost, cost_of
from gateway.shaping.cel_environment import checking_environment, evaluating_environment
from gateway.shaping.cel_messages import Refusals, nothing_hidden, reason_of
from gateway.shaping.cel_nulls import must_be_boolean, settle_nulls
from gateway.shaping.cel_syntax import SyntaxTree, fields_read
from gateway.shaping.cel_types import DATA, EVENT, declare_types
from gateway.shaping.cel_values import UnusableTextError, Values, event_values, readable_text
from gateway.wire.schema_nodes import SchemaNodes

MAX_EXPRESSION_CHARS = MAX_FILTER_CHARS


class EvaluationError(Exception):
    """An expression has no value for an event.

    Attributes:
        reason: why, in a line for people.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Subject:
    """What expressions are evaluated on: one event, in one view. Made once, for any number of expressions.

    Args:
        event: who, what and when.
        data: the view's data, as it is decoded.
        fields: those of the data that expressions will look into (`fields_of`); None for all of them.
    """

    def __init__(self, event: Event, data: Any, fields: frozenset[str] | None = None) -> None:
        self.event = event
        self.data = data
        self._fields = fields
        self._activation: Any = None
        self._spent = 0
        self._unusable: str | None = None
        self._values: dict[str, Any] = {}
        self._measure = (0, 0)

    def measure(self) -> tuple[int, int]:
        """Give how many items its largest array or map has, and how many characters and bytes its texts have.

        Raises:
            EvaluationError: the event can't be evaluated.
        """
        self.activation(None)
        return self._measure

    def activation(self, cost: Cost | None) -> Any:
        """Give what the library takes.

        What an evaluation leaves in memory goes with the activation; so that this is bounded, too, there is a new one
        when many dear expressions were evaluated.

        Args:
            cost: of the expression that is to be evaluated; None where that is small.

        Raises:
            EvaluationError: the event can't be evaluated, or not at this cost.
        """
        if self._activation is None:
            self._convert()
        if self._unusable is not None:
            raise EvaluationError(self._unusable)
        if cost is not None:
            spent = cost.of(*self._measure)
            if spent > MAX_COST:
                raise EvaluationError("it would take too long on an event of this size")
            self._spent += spent
            if self._spent > MAX_COST:
                self._spent = spent
                self._activation = evaluating_environment().Activation(self._values)
        return self._activation

    def _convert(self) -> None:
        try:
            values = Values(self.data if self._fields is None else _part(self.data, self._fields))
            event = event_values(_attributes(self.event), self.event.time_ms)
        except UnusableTextError as error:
            self._unusable = f"the event can't be looked into: {error}"
            return
        self._values = {DATA: values.data, EVENT: event}
        self._measure = values.largest, values.size
        self._activation = evaluating_environment().Activation(self._values)


def _part(data: dict[str, Any], fields: frozenset[str]) -> dict[str, Any]:
    return {name: data[name] for name in fields if name in data}


def _attributes(event: Event) -> dict[str, Any]:
    return {
        "id": event.event_id,
        "type": event.event_type,
        "source": event.source,
        "subject": event.subject,
        "tenant": event.tenant,
    }


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression.

    Attributes:
        text: as it was written.
        type_name: what the checker says it gives: `BOOL`, `STRING`, `DYN`, …
        program: the library's.
        cost: a bound for what it costs, None where no event makes that too much.
        fields: those of the data that it looks into; None where it takes the data as a whole.
    """

    text: str
    type_name: str
    program: Any
    cost: Cost | None
    fields: frozenset[str] | None

    def evaluate(self, subject: Subject) -> Any:
        """Give its value as the library's `Value`, which may be an error.

        Raises:
            EvaluationError: it has none.
        """
        try:
            return self.program.eval(subject.activation(self.cost))
        except EvaluationError:
            raise
        except Exception as error:  # the library raises RuntimeError, and what pybind11 makes of C++ exceptions
            raise EvaluationError(reason_of(str(error), self.text)) from error

    def is_true(self, subject: Subject) -> bool:
        """Evaluate a condition.

        Raises:
            EvaluationError: it has no value.
        """
        # A condition gives no null (see `ExpressionCompiler.condition`): the library loses a reference to None each
        # time that it hands out one.
        value = self.evaluate(subject).value()
        if value is True:
            return True
        if value is False:
            return False
        raise EvaluationError(reason_of(str(value), self.text))


def fields_of(expressions: Iterable[Expression]) -> frozenset[str] | None:
    """Give the fields of the data that some expressions look into; None where one takes the data as a whole."""
    found: set[str] = set()
    for expression in expressions:
        if expression.fields is None:
            return None
        found |= expression.fields
    return frozenset(found)


class ExpressionCompiler:
    """Checks and compiles expressions on one view.

    Args:
        nodes: the schema that the view's data is read with.
        grant_for: gives the grant that a dotted path in the data lacks, or None where the view does not hide it.
    """

    def __init__(self, nodes: SchemaNodes, grant_for: Callable[[str], str | None] = nothing_hidden) -> None:
        self._types = declare_types(nodes)
        self._environment = checking_environment(self._types)
        self._refusals = Refusals(self._types, self._environment, grant_for)

    def words(self, field: str) -> str:
        """Give the type of a field of the data in Avro's words."""
        return self._types.records[self._types.root].fields[field].words

    def condition(self, text: str) -> Expression:
        """Compile what is to be true or false; where it may be null, null is false.

        Raises:
            InvalidInputError: it is too long, it can't be compiled, or it gives something else.
        """
        return self._compile(text, condition=True)

    def value(self, text: str) -> Expression:
        """Compile what may give anything.

        Raises:
            InvalidInputError: it is too long, or it can't be compiled.
        """
        return self._compile(text, condition=False)

    def checked(self, text: str) -> SyntaxTree:
        """Give what an expression says, after it was checked.

        Raises:
            InvalidInputError: it is too long, or the checker refuses it.
        """
        return self._checked(text)[0]

    def _checked(self, text: str) -> tuple[SyntaxTree, str]:
        if len(text) > MAX_EXPRESSION_CHARS:
            raise InvalidInputError(f"it has {len(text)} characters, at most {MAX_EXPRESSION_CHARS} are allowed")
        try:
            checked = self._environment.compile(readable_text(text))
            return SyntaxTree(checked.serialize()), str(checked.return_type())
        except ValueError as error:
            raise InvalidInputError(str(error)) from None
        except RuntimeError as error:
            raise self._refusals.of(text, str(error)) from None

    def _compile(self, text: str, *, condition: bool) -> Expression:
        tree, type_name = self._checked(text)
        if condition and type_name not in {"BOOL", "DYN"}:
            raise InvalidInputError(
                f"it gives {self._refusals.words(tree.root, tree)}, not true or false", hint="compare it with something"
            )
        check_constants(text, tree, self._types)
        cost, fields = cost_of(tree), fields_read(tree.root, DATA)
        nullable = settle_nulls(tree, self._types)
        if condition and (nullable or type_name == "DYN"):
            must_be_boolean(tree)
        try:
            program = evaluating_environment().deserialize(tree.serialized())
        except RuntimeError:  # of what was added to it, for the checker took it
            raise InvalidInputError("it is nested too deeply") from None
        return Expression(text, type_name, program, None if cost.is_small else cost, fields)
